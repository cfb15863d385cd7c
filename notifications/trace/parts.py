"""The parts of a trace: sentences, sockets, and deliveries with their calls and receipts.

Times are RFC 3339 in UTC, ids are texts, addresses are masked.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Standing = Literal["sent", "not_sent", "waiting", "digest", "not_needed", "to_come"]


class Said(Struct, frozen=True):
    """A sentence, and what would change it; "" where nothing would."""

    text: str
    advice: str = ""


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that happened, in words."""

    at: str
    text: str
    channel: str = ""  # empty: it concerns all of them


class Socket(Struct, frozen=True, kw_only=True):
    """A socket of the user, or a device of which only its acknowledgement is left.

    `acked` is the offset that its device had acknowledged by `acked_at` at the latest. It says
    nothing of the event where `is_of_epoch` is false.
    """

    device: str
    device_class: str
    opened_at: str | None
    closed_at: str | None
    was_open: bool  # when the notification was committed
    is_open: bool
    is_active: bool
    active_at: str | None
    acked: int | None
    acked_at: str | None
    is_of_epoch: bool
    has_it: bool
    text: str


class Call(Struct, frozen=True, kw_only=True):
    """One call of a provider."""

    number: int
    provider: str
    outcome: str
    status: int | None
    code: str
    started_at: str
    duration_ms: int
    text: str


class Heard(Struct, frozen=True, kw_only=True):
    """What a provider or a device said of a delivery later."""

    at: str
    provider: str
    fact: str
    code: str
    text: str


class Sending(Struct, frozen=True, kw_only=True):
    """A delivery: one message to one address, or the decision to send none."""

    id: str
    channel: str
    to: str
    state: str
    rule: str
    reason: str
    text: str
    advice: str
    decided_at: str
    not_before: str
    expires_at: str
    provider: str
    provider_id: str
    attempts: int
    resend: int
    required: bool
    possible_duplicate: bool
    late: bool
    locale: str
    policy_version: str
    preference_version: int
    template_version: str
    segments: int | None
    cost: str | None
    cost_currency: str
    facts: dict[str, str]  # what is known, by the column of its time
    calls: tuple[Call, ...]
    heard: tuple[Heard, ...]
