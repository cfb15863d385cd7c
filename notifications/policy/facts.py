"""The input and the result of decisions. Plain structs: the judge fills and applies them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from notifications.kinds.kind import Channel, Kind, Reach

EVERY_DAY = 0b111_1111
# Scopes of a suppression, beside a category's name.
EVERYTHING = ""
OPTIONAL = "optional"  # STOP by SMS: all but what is required

Cadence = Literal["daily", "weekly"]
CloseReason = Literal["reached", "exhausted", "cancelled", "superseded", "expired", "unreachable"]
# The rules, in the order in which they are asked. Each row keeps the one that decided it.
Rule = Literal[
    "cancelled", "superseded", "expired", "inactive",
    "channel_off",
    "no_address", "unverified", "suppressed",
    "required",
    "no_consent", "unsubscribed",
    "switched_off", "muted", "not_chosen",
    "capped",
    "quiet", "hours", "volley",
    "reached",
    "due", "digest", "exhausted",
]  # fmt: skip
Source = Literal["required", "consent", "kind", "category", "channel", "muted", "default", "none"]


class Window(Struct, frozen=True, kw_only=True):
    """A quiet time, in local time: on the days whose bits are set (bit 0 is Monday).

    With an end before its start it passes midnight, and belongs to the day on which it starts.
    """

    start: time
    end: time
    days: int = EVERY_DAY


class Chosen(Struct, frozen=True, kw_only=True):
    """The choices of one user; the defaults are those of a user without a row.

    `cells` maps `kind:<kind>`, `category:<category>` or `all` to switches by channel. `consents`
    has the newest consent for each channel and category, False for one that was withdrawn; the
    category `""` stands for everything optional.
    """

    version: int = 0
    cells: Mapping[str, Mapping[str, bool]] = {}
    quiet: tuple[Window, ...] = ()
    digests: Mapping[str, Cadence] = {}
    zone: str = ""
    locale: str = ""
    muted_until: datetime | None = None
    hide_amounts: bool | None = None
    sms_above: Decimal | None = None
    sms_above_currency: str = ""
    consents: Mapping[tuple[Channel, str], bool] = {}


class Ladder(Struct, frozen=True, kw_only=True):
    """The ladder of one notification: the row that committed with its event.

    A rung's number is its place in `kind.ladder`, which stands in the order of escalation, not of
    time. `done` are those that are decided for good: they have a delivery or a digest's item. The
    others are judged each time, so that one which waits for the morning holds back no other.
    """

    kind: Kind
    committed_at: datetime
    event_offset: int
    epoch: str
    done: frozenset[int] = frozenset()


class Device(Struct, frozen=True, kw_only=True):
    """A device of the user: how far it has applied the user's stream, and whether it is in use.

    `acked` is an offset of the ladder's epoch, else None. The newest socket of the device, open or
    closed, says the rest.
    """

    name: str
    device_class: str = ""  # phone, desktop, service; empty: it has not said
    acked: int | None = None
    acked_at: datetime | None = None
    is_open: bool = False
    is_active: bool = False
    active_at: datetime | None = None


class Sent(Struct, frozen=True, kw_only=True):
    """A delivery of the notification, with what was heard of it. `state` is a DeliveryState."""

    rung: int
    channel: Channel
    state: str
    reason: str = ""  # of one that was skipped: that of its Skip
    accepted_at: datetime | None = None
    delivered_at: datetime | None = None
    displayed_at: datetime | None = None
    clicked_at: datetime | None = None
    dismissed_at: datetime | None = None


class AddressState(Struct, frozen=True, kw_only=True):
    """An address of the user, and what forbids its use.

    `suppressed` is the reason of a suppression of everything, `opted_out` that of one of what is
    optional, or of the category of the notification. `former` is one that was replaced a moment
    ago: only a notice about that goes there.
    """

    id: int
    is_verified: bool = True
    suppressed: str = ""
    opted_out: str = ""
    former: bool = False


class ChannelState(Struct, frozen=True, kw_only=True):
    """One channel for one user. `sent` counts what left in the cap's window, of this category.

    The addresses are in the order of preference: SMS and e-mail go to the first that may be used,
    push goes to all.
    """

    configured: bool = True
    stopped: bool = False  # by staff, at run time
    addresses: tuple[AddressState, ...] = ()
    sent: int = 0


class Reached(Struct, frozen=True, kw_only=True):
    """The degree in which the user has been reached, and the evidence."""

    reach: Reach = Reach.NONE
    how: str = ""  # read, seen, clicked, dismissed, displayed, acked, delivered, accepted
    device: str = ""
    at: datetime | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """The committed facts about a notification and its user at the moment of judging."""

    channels: Mapping[Channel, ChannelState] = {}
    devices: tuple[Device, ...] = ()
    sent: tuple[Sent, ...] = ()
    seen_at: datetime | None = None
    read_at: datetime | None = None
    archived_at: datetime | None = None
    snoozed_at: datetime | None = None
    cancelled_at: datetime | None = None
    superseded: bool = False
    expires_at: datetime | None = None
    user_is_active: bool = True
    last_socket_at: datetime | None = None  # when a socket of the user was last open
    amount: Decimal | None = None
    currency: str = ""
    country: str = ""  # of the user: says the zone where none is chosen
    held: int = 0  # other messages that leave at the end of the same quiet time, before this one


class Policy(Struct, frozen=True, kw_only=True):
    """The settings of the deployment. `zone` is its own, never that of the server.

    `per_day` caps what one user gets of one category by one channel, in any 24 hours.
    """

    zone: str = "Africa/Kampala"
    per_day: Mapping[Channel, int] = {}
    time_scale: float = 1.0  # ladders' times are divided by it
    ack_grace: timedelta = timedelta(seconds=10)  # what an open app gets to acknowledge
    no_app_after: timedelta = timedelta(days=30)  # without any socket: the user has no app
    volley: int = 3  # at the end of a quiet time; the rest becomes a digest


class Skip(Struct, frozen=True, kw_only=True):
    """Nothing is sent by this rung.

    `stored` is False where judging it again says the same, and no row is worth it. `alarm` says
    that the kind requires the channel, and nobody can be reached by it.
    """

    rung: int
    channel: Channel
    rule: Rule
    reason: str  # such as `suppressed(bounced)`
    required: bool = False
    stored: bool = True
    alarm: bool = False
    evidence: Reached | None = None


class Go(Struct, frozen=True, kw_only=True):
    """Send to these addresses now.

    `unless` is the condition that the last look asks again; None: no condition.
    """

    rung: int
    channel: Channel
    rule: Rule  # required, due or volley
    addresses: tuple[int, ...]
    required: bool = False
    unless: Reach | None = None


class Join(Struct, frozen=True, kw_only=True):
    """Put the notification into the digest of its category by this channel."""

    rung: int
    channel: Channel
    rule: Rule  # digest, capped or volley
    cadence: Cadence | None = None  # None: with the next one, as soon as that may leave


class Hold(Struct, frozen=True, kw_only=True):
    """Judge this rung again then."""

    rung: int
    channel: Channel
    rule: Rule  # due, quiet or hours
    until: datetime


Verdict = Skip | Go | Join | Hold


class Close(Struct, frozen=True, kw_only=True):
    """The ladder ends. `rule` decided it; `evidence` says how the user was reached, if so.

    Rungs that were needless therefore, and not due yet, are not listed.
    """

    reason: CloseReason
    rule: Rule
    evidence: Reached | None = None
    skips: tuple[Skip, ...] = ()


class Wait(Struct, frozen=True, kw_only=True):
    """Judge the ladder again at `until`, or earlier where something of it changes.

    `rung` and `rule` say what it waits for.
    """

    until: datetime
    rung: int
    rule: Rule
    skips: tuple[Skip, ...] = ()


class Send(Struct, frozen=True, kw_only=True):
    """Send by these rungs, then close the ladder or wait."""

    rungs: tuple[Go | Join, ...]
    then: Close | Wait
    skips: tuple[Skip, ...] = ()


Decision = Close | Wait | Send


class Cell(Struct, frozen=True, kw_only=True):
    """Whether a kind goes out by a channel, and why. `locked` says why nobody can change it."""

    value: bool
    source: Source
    required: bool = False
    locked: str = ""
