"""The messages that channels take, and the answers of providers. No I/O here."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

import msgspec

from notifications.kinds import Channel
from realtime.outgoing import Outcome

# `rejected`: a mailbox does not take this e-mail, and may take another one.
Verdict = Literal["", "gone", "invalid", "opted_out", "bounced", "rejected", "complained"]


class Action(msgspec.Struct, frozen=True):
    """A button below a push message. A tap opens the app, which confirms what it says."""

    name: str
    title: str


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """The rendered texts of one delivery. A channel uses those that it has room for."""

    title: str
    body: str
    html: str = ""
    locale: str = "en"
    url: str = "/"  # a path of our own origin
    actions: tuple[Action, ...] = ()


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
    is_digest: bool = False
    unread: int | None = None  # the badge, absolute
    receipt_token: str = ""
    thread: str = ""  # what messages of one matter share, such as `transaction-17`
    attempt: int = 1
    attempted_at: datetime | None = None  # of a look-up: when the call was claimed
    known_ids: frozenset[str] = frozenset()  # of a look-up: the provider's ids of other messages


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a call, see `realtime.outgoing.Outcome`."""

    outcome: Outcome
    status: int | None = None  # of HTTP or SMTP
    code: str = ""  # of the provider
    provider_id: str | None = None
    retry_after_seconds: float | None = None
    verdict: Verdict = ""  # about the address
    gone_at: datetime | None = None  # since when it is gone, if the provider says so
    our_mistake: bool = False  # keys, headers, balance: open the breaker, and raise an alarm
    segments: int | None = None
    cost: Decimal | None = None
    cost_currency: str = ""


class Provider(Protocol):
    """One provider of one channel. A further one is one file and one line of the registry."""

    name: str  # such as `twilio`
    channel: Channel
    service: str  # of push: `web`, `fcm` or `apns`, the addresses that it serves
    rate: float  # calls a second to one host, of all workers together

    def host(self, to: Target) -> str:
        """Name what paces and breaks a call: the provider, or its host that the call goes to."""

    def send(self, message: Message) -> Answer:
        """Make one call. Never raises: what went wrong is the answer."""

    def look_up(self, message: Message) -> Answer | None:
        """Ask what became of a call whose outcome is not known; None where nobody can say.

        ACCEPTED: it arrived. NOT_SENT: it never did. UNKNOWN: ask again.
        """

    def check(self) -> Answer:
        """Ask the provider whether it takes our login, without sending anything to anybody."""
