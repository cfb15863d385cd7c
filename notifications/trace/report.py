"""The shape of a trace: the same over HTTP, in `manage.py why --json` and on the admin's page.

See `parts` for what it is made of.
"""

from __future__ import annotations

from msgspec import Struct

from notifications.trace.parts import Entry, Sending, Socket, Standing
from notifications.trace.words import NAMES, STANDINGS


class Gathered(Struct, frozen=True, kw_only=True):
    """A digest that the notification joined."""

    id: str
    category: str
    channel: str
    due_at: str
    closed_at: str | None
    shown: bool | None
    text: str
    sendings: tuple[Sending, ...]


class Step(Struct, frozen=True, kw_only=True):
    """One rung of the ladder, and what became of it."""

    rung: int
    channel: str
    due_at: str
    required: bool
    standing: Standing
    rule: str
    text: str
    advice: str
    sendings: tuple[Sending, ...]
    digests: tuple[Gathered, ...]

    @property
    def channel_name(self) -> str:
        return NAMES[self.channel]

    @property
    def standing_name(self) -> str:
        return STANDINGS[self.standing]


class Ladder(Struct, frozen=True, kw_only=True):
    """The row that committed with the event."""

    event_offset: int
    epoch: str
    committed_at: str
    policy_version: str
    due_at: str | None
    closed_at: str | None
    reason: str
    evidence: dict[str, str | int | None] | None
    text: str


class Content(Struct, frozen=True, kw_only=True):
    """What the notification says, for those who may read that."""

    title: str
    message: str


class Trace(Struct, frozen=True, kw_only=True):
    """Why somebody got a notification, or did not. `advice` is what would change the answer."""

    notification_id: str
    user_id: str
    kind: str
    type: str
    priority: str
    transaction_id: str | None
    is_erased: bool
    created_at: str | None
    published_at: str | None
    scheduled_at: str | None
    expires_at: str | None
    seen_at: str | None
    read_at: str | None
    archived_at: str | None
    cancelled_at: str | None
    reach: str
    answer: str  # the verdict without the reasons of each channel
    verdict: str
    advice: tuple[str, ...]
    ladder: Ladder | None
    sockets: tuple[Socket, ...]
    steps: tuple[Step, ...]
    others: tuple[Sending, ...]
    timeline: tuple[Entry, ...]
    content: Content | None
    traced_at: str
