"""What a delivery hands to a channel, and what a provider answers. No I/O here."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

import msgspec

from notifications.kinds import Channel
from realtime.outgoing import Outcome

Verdict = Literal["", "gone", "invalid", "opted_out", "bounced", "complained"]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """The rendered texts of one delivery. A channel uses those that it has room for."""

    title: str
    body: str
    html: str = ""
    locale: str = "en"
    url: str = "/"  # a path of our own origin


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """An address, as a channel needs it: see `notifications.models.Address`."""

    value: str
    service: str = ""
    keys: dict[str, str] = {}
    device: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one address. The same for each attempt, so that a repetition is invisible."""

    delivery_id: int
    notification_id: str  # or that of a digest or an announcement, with its prefix
    user_id: int
    kind: str
    category: str
    channel: Channel
    to: Target
    content: Content
    urgent: bool
    required: bool
    happened_at: datetime
    expires_at: datetime
    unread: int | None = None  # the badge, absolute
    receipt_token: str = ""
    attempt: int = 1


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How a call ended, see `realtime.outgoing.Outcome`."""

    outcome: Outcome
    status: int | None = None  # of HTTP or SMTP
    code: str = ""  # of the provider
    provider_id: str | None = None
    retry_after_seconds: float | None = None
    verdict: Verdict = ""  # about the address
    our_mistake: bool = False  # keys, headers, balance: open the breaker, and raise an alarm
    segments: int | None = None
    cost: Decimal | None = None
    cost_currency: str = ""


class Provider(Protocol):
    """One provider of one channel. A further one is one file and one line of the registry."""

    name: str  # such as `twilio`; the name of its pace and of its breaker
    channel: Channel
    rate: float  # calls a second, of all workers together

    def send(self, message: Message) -> Answer:
        """Make one call. Never raises: what went wrong is the answer."""

    def look_up(self, message: Message) -> Answer | None:
        """Ask what became of a call whose outcome is not known; None where nobody can say."""
