"""What the server sends: the `data` of each message, one frozen struct per type.

A message is an envelope (`codec.encode`) around one of these. Clients ignore
fields and types that they do not know, so both may be added at any time.
Money and prices are strings with the currency's own number of decimals;
times are RFC 3339 in UTC with milliseconds (`codec.timestamp`).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import force_setattr

Timestamp = str
Money = Annotated[str, Meta(pattern=r"^-?\d{1,15}(\.\d{1,8})?$")]
Identifier = Annotated[str, Meta(min_length=1, max_length=64)]

NotificationType = Literal[
    "transaction",
    "security",
    "account",
    "payment",
    "savings",
    "kyc",
    "system",
    "marketing",
    "reminder",
]
Priority = Literal["low", "medium", "high", "urgent"]
NotificationStatus = Literal["unread", "read", "archived"]
Channel = Literal["in_app", "email", "sms", "push"]
Severity = Literal["info", "maintenance", "service", "emergency"]
SubscriptionType = Literal[
    "transaction",
    "security",
    "account",
    "payment",
    "savings",
    "kyc",
    "system",
    "marketing",
    "reminder",
    "balance",
]
SUBSCRIPTION_TYPES: frozenset[str] = frozenset(get_args(SubscriptionType))
assert set(get_args(NotificationType)) | {"balance"} == SUBSCRIPTION_TYPES


class Payload(Struct, frozen=True, kw_only=True):
    """The `data` of a message. `wire_type` is the message's `type`.

    `filter_type` is what subscriptions filter by; None always arrives.
    """

    wire_type: ClassVar[str] = ""

    @property
    def filter_type(self) -> str | None:
        return None


# -- durable: written to a stream, numbered


class Notification(Payload, frozen=True, kw_only=True):
    """A notification in the user's inbox, new or sent again.

    `stored` is false for one that is an event only: no inbox has it and no count includes it.
    It is left out otherwise.
    """

    wire_type: ClassVar[str] = "notification"
    id: Identifier
    """Its number in the inbox, or a random name where `stored` is false."""
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    """One line of plain text."""
    message: Annotated[str, Meta(min_length=1, max_length=1000)]
    """Plain text; show it as text, never as markup."""
    type: NotificationType = "system"
    """What it is about; subscriptions filter by it."""
    priority: Priority = "medium"
    """How urgent it is; `urgent` asks to be shown at once."""
    status: NotificationStatus = "unread"
    """Whether its user has read or archived it."""
    channels: list[Channel] = field(default_factory=lambda: ["in_app"])
    """Where it is sent besides the socket."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """What the sender attached: a JSON object without a schema."""
    created_at: Timestamp
    """When it was written."""
    seen_at: Timestamp | None = None
    """When a list that contains it was first shown, if it was."""
    read_at: Timestamp | None = None
    """When it was read, if it was."""
    scheduled_at: Timestamp | None = None
    """The time that its sending waited for, if any."""
    expires_at: Timestamp | None = None
    """From then on it is out of date, and no longer counts as unread."""
    stored: bool | UnsetType = UNSET
    """False: an event only, in no inbox and in no count. Left out otherwise."""

    @property
    def filter_type(self) -> str | None:
        return self.type


class NotificationState(Struct, frozen=True, kw_only=True):
    """What changed on one notification: its state, and with `notification` its content.

    `notification` is the whole of one whose content changed, or that is unread again: a client
    that began while it was not does not have it. It replaces what the client has. `deleted` is
    true of one that no longer exists, and left out otherwise; its `status` is then `archived`,
    so that a client which does not know the field hides it.
    """

    id: Identifier
    """Which notification."""
    status: NotificationStatus
    """What it is now."""
    seen_at: Timestamp | None = None
    """When it was first shown, if it was."""
    read_at: Timestamp | None = None
    """When it was read, if it was."""
    notification: Notification | None = None
    """The whole of one that is unread again, or whose content changed; null otherwise."""
    deleted: bool | UnsetType = UNSET
    """True of one that no longer exists; left out otherwise."""


class NotificationUpdated(Payload, frozen=True, kw_only=True):
    """Notifications changed or were deleted, on any device of the user or by staff."""

    wire_type: ClassVar[str] = "notification_updated"
    notifications: list[NotificationState]
    """Those that changed, each with its whole state."""


class TransactionUpdate(Payload, frozen=True, kw_only=True):
    """A transaction was created or moved to another status."""

    wire_type: ClassVar[str] = "transaction_update"
    id: Identifier
    """The transaction's id."""
    status: str
    """What it is now, such as `pending` or `completed`."""
    amount: Money
    """How much moves, without a sign; `direction` says which way."""
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    """ISO 4217."""
    account_id: str | None = None
    """The account that it belongs to."""
    type: str | None = None
    """What kind of movement it is, such as `deposit`."""
    direction: Literal["inbound", "outbound"] | None = None
    """Seen from the account."""
    description: str = ""
    """What the user reads."""
    payment_method: str | None = None
    """How it is paid, such as `mobile_money`."""
    provider: str | None = None
    """The company that moves the money."""
    reference: str = ""
    """What both sides quote to find it."""
    balance_after: Money | None = None
    """The account's balance once it was completed; null before."""
    created_at: Timestamp | None = None
    """When it was written."""
    updated_at: Timestamp | None = None
    """When it last changed."""
    completed_at: Timestamp | None = None
    """When it was completed; null before."""
    merchant_name: str = ""
    """The payee, empty if there is none."""
    merchant_category: str = ""
    """What kind of merchant that is."""
    failure_reason: str = ""
    """Why it failed, empty unless it did."""

    @property
    def filter_type(self) -> str | None:
        return "transaction"


class BalanceUpdate(Payload, frozen=True, kw_only=True):
    """An account and its balances, after it was opened or any of this changed.

    The API writes an account in the same shape. `id` and `type` are what they call
    `account_id` and `account_type`; both names stay.
    """

    wire_type: ClassVar[str] = "balance_update"
    account_id: Identifier
    """Which account."""
    id: Identifier | None = None
    """The same as `account_id`."""
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    """ISO 4217; of both balances."""
    available_balance: Money
    """What may be spent now."""
    current_balance: Money
    """What is booked, reserved amounts included."""
    account_type: str | None = None
    """What kind of account it is, such as `savings`."""
    type: str | None = None
    """The same as `account_type`."""
    name: str | None = None
    """What its user calls it."""
    status: str | None = None
    """Whether it is open, such as `active` or `closed`."""
    created_at: Timestamp | None = None
    """When it was opened."""
    updated_at: Timestamp | None = None
    """When it last changed."""

    def __post_init__(self) -> None:
        force_setattr(self, "id", self.account_id)
        force_setattr(self, "type", self.account_type)

    @property
    def filter_type(self) -> str | None:
        return "balance"


class SystemAnnouncement(Payload, frozen=True, kw_only=True):
    """An announcement to everybody; it replaces what the client has under its `id`.

    It is sent again when it is edited, and with `ends_at` in the past when it is over,
    withdrawn or deleted.
    """

    wire_type: ClassVar[str] = "system_announcement"
    id: Identifier
    """The announcement's id; one that is sent again keeps it."""
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    """One line of plain text."""
    message: Annotated[str, Meta(min_length=1, max_length=5000)]
    """Plain text; show it as text, never as markup."""
    severity: Severity = "info"
    """How to show it; `emergency` before anything else."""
    starts_at: Timestamp | None = None
    """From when on to show it; null: at once."""
    ends_at: Timestamp | None = None
    """Until when to show it; in the past: it is over. Null: until it is replaced."""
    published_at: Timestamp | None = None
    """When it was sent first."""


class AccessChanged(Payload, frozen=True, kw_only=True):
    """What the user may do has changed; connections that lose by it are closed by themselves.

    `logout` and `closed` name what they concern, a session or a connection; without a name,
    all of the user's.
    """

    wire_type: ClassVar[str] = "access_changed"
    change: Literal["logout", "password", "account", "rights", "closed"]
    """What happened; `closed` is about connections that staff closed."""
    session: str | None = None
    """The login that it concerns; null: all of the user's."""
    connection_id: str | None = None
    """The connection that it concerns; null: all of the user's."""
    reconnect: bool = False
    """Whether a connection that is closed by this may come back."""


# -- ephemeral: never in the log, the newest per key is enough


class MarketUpdate(Payload, frozen=True, kw_only=True):
    """The newest quote of an instrument; all prices are strings in `currency`."""

    wire_type: ClassVar[str] = "market_update"
    symbol: Annotated[str, Meta(min_length=1, max_length=20)]
    """What is quoted, such as `BTC-USD`."""
    price: Money
    """The newest price."""
    name: str = ""
    """The instrument's name."""
    type: str = ""
    """What kind of instrument it is, such as `crypto`."""
    currency: str = "USD"
    """What all prices are in: ISO 4217."""
    change: Money | None = None
    """How far the price is from `previous_close`."""
    change_percent: str | None = None
    """The same in percent, with its sign."""
    open: Money | None = None
    """The first price of the day."""
    high: Money | None = None
    """The highest of the day."""
    low: Money | None = None
    """The lowest of the day."""
    previous_close: Money | None = None
    """The last price of the day before."""
    volume: str | None = None
    """How much was traded on this day."""
    status: str = "open"
    """Whether the market is open."""
    timestamp: Timestamp | None = None
    """When the price was made."""


class NotificationCounts(Payload, frozen=True, kw_only=True):
    """The bell: authoritative counts, to replace whatever the client has."""

    wire_type: ClassVar[str] = "notification_counts"
    unread: int
    """How many notifications are not read."""
    unseen: int
    """How many of these were never shown in a list: the number on the bell."""


class NodeReport(Payload, frozen=True, kw_only=True):
    """What a node reported of itself; in the room `nodes`, for staff."""

    wire_type: ClassVar[str] = "node_report"
    id: str
    """The node's id, another after each start."""
    node: str
    """Its host and process, for people."""
    host: str
    """The machine's name."""
    pid: int
    """The process."""
    version: str
    """Of hoardrun."""
    uptime_seconds: int
    """How long it has been serving."""
    connections: int
    """Its sockets, those without a login included."""
    users: int
    """How many users they are of."""
    rooms: int
    """How many rooms have members here."""
    in_per_second: float
    """Messages from clients, a second, since the last report."""
    out_per_second: float
    """Messages to clients, a second, since the last report."""
    dropped: int
    """Wake-ups that could not be sent, since its start; the log made each good."""
    slow_closed: int
    """Sockets closed for reading too slowly, since its start."""
    lag_ms: float
    """How late its event loop is, on average."""
    rss_mb: float
    """The memory that it holds, in millions of bytes."""


# -- about the connection


class Position(Struct, frozen=True, kw_only=True):
    """Where a stream stands: the last offset, and the epoch it belongs to."""

    offset: int
    """The last event's number in the stream."""
    epoch: str
    """The life of the stream that the offset belongs to."""


class Limits(Struct, frozen=True, kw_only=True):
    """What one connection may ask for."""

    max_message_bytes: int
    """The longest message in UTF-8; a longer one closes with 1009."""
    max_messages_per_second: int
    """How many on average."""
    max_message_burst: int
    """How many at once."""
    max_rooms: int
    """How many rooms at a time."""
    max_connections: int
    """How many sockets the user may have; the oldest gives way."""


class ConnectionEstablished(Payload, frozen=True, kw_only=True):
    """The greeting. Hand `epoch` back, with the offsets reached, to resume."""

    wire_type: ClassVar[str] = "connection_established"
    message: str = "Connected to real-time notifications"
    """For people who watch."""
    user_id: str
    """The user that is logged in."""
    connection_id: str
    """Names this connection in logs and in the admin."""
    protocol_version: int
    """Of this protocol."""
    server_version: str
    """Of hoardrun."""
    heartbeat_seconds: float
    """Time between two pings of the server; see "Signs of life"."""
    expires_at: Timestamp | None
    """When the login ends; `token_expiring` comes before."""
    limits: Limits
    """What this connection may ask for."""
    positions: dict[str, Position]
    """Where each stream of this connection begins: what follows is sent."""
    epoch: str
    """The epochs of all streams in one text, to hand back as `epoch` with `since`."""
    device: str | None = None
    """The name that the handshake gave, null without one."""


class Pong(Payload, frozen=True, kw_only=True):
    """The answer to `ping`: up to where this socket was sent each stream, or had it filtered.

    All of that was sent before it. Without a filter, an offset above the last one that came
    is a gap: reconnect with `since`. With one, what lies between was left out: go on there.
    """

    wire_type: ClassVar[str] = "pong"
    positions: dict[str, Position]
    """By stream: the last offset that this socket was sent or had filtered."""


class RoomJoined(Payload, frozen=True, kw_only=True):
    """The room was joined; its next `snapshot` messages are its newest values."""

    wire_type: ClassVar[str] = "room_joined"
    room: str
    """Which room."""
    rate: str
    """How often one key's value comes at most: as it is made, every second, or every five."""
    snapshot: int
    """How many messages with the newest values come next."""


class RoomLeft(Payload, frozen=True, kw_only=True):
    """The room was left: by `request`, or because its user may be in it no longer (`revoked`)."""

    wire_type: ClassVar[str] = "room_left"
    room: str
    """Which room."""
    reason: Literal["request", "revoked"] = "request"
    """Whether it was asked for, or the user may be in it no longer."""


class RoomInfo(Struct, frozen=True, kw_only=True):
    """One room that may be joined."""

    name: str
    """What to join."""
    kind: str
    """Rooms of one kind have the same messages."""
    description: str
    """For people."""
    joined: bool
    """Whether this socket is in it."""


class Rooms(Payload, frozen=True, kw_only=True):
    """The rooms that may be joined, and those that are."""

    wire_type: ClassVar[str] = "rooms"
    rooms: list[RoomInfo]
    """Those that this user may join."""
    joined: list[str]
    """Those that this socket is in."""


class SubscriptionUpdated(Payload, frozen=True, kw_only=True):
    """The whole set of types this socket is sent; empty means everything."""

    wire_type: ClassVar[str] = "subscription_updated"
    types: list[str]
    """The whole set, in alphabetical order."""


class Acked(Payload, frozen=True, kw_only=True):
    """The acknowledgement is stored."""

    wire_type: ClassVar[str] = "acked"
    stream: str
    """Which stream."""
    offset: int
    """Up to which offset; the cursor may be further by another ack."""


class Authenticated(Payload, frozen=True, kw_only=True):
    """The login was renewed until `expires_at`."""

    wire_type: ClassVar[str] = "authenticated"
    user_id: str
    """The user that is logged in."""
    expires_at: Timestamp | None
    """When the login ends now."""


class TokenExpiring(Payload, frozen=True, kw_only=True):
    """The login ends soon: send `authenticate` with a new token, or be closed with 4401."""

    wire_type: ClassVar[str] = "token_expiring"
    expires_at: Timestamp
    """When the login ends."""
    seconds: int
    """The time until then."""


class ResyncRequired(Payload, frozen=True, kw_only=True):
    """The stream cannot be continued: take a snapshot, and go on from the snapshot's positions.

    One snapshot is enough for several of these, if it is asked for after the last.
    """

    wire_type: ClassVar[str] = "resync_required"
    stream: str
    """Which stream."""
    reason: Literal["trimmed", "ahead", "epoch"]
    """Its past is trimmed, your offset is above its head, or it began anew."""
    position: Position
    """What this socket is sent next is above it; acknowledge only what is above it."""
    epoch: str
    """The epochs of all streams now, in place of the greeting's."""
    snapshot: str
    """The path of the snapshot to take, relative to the server's address."""


class ServerShutdown(Payload, frozen=True, kw_only=True):
    """This node is about to close the connection; others serve."""

    wire_type: ClassVar[str] = "server_shutdown"
    reconnect_after_ms: int
    """When to come back."""


class Error(Payload, frozen=True, kw_only=True):
    """A request failed; nothing was changed by it."""

    wire_type: ClassVar[str] = "error"
    code: str
    """What is wrong, for programs."""
    message: str
    """What to do, for people."""
    retryable: bool
    """Whether the same again can succeed."""
    rooms: list[str] | UnsetType = UNSET
    """The rooms of the command that this is about, if it is about rooms."""


PAYLOADS: dict[str, type[Payload]] = {
    payload.wire_type: payload for payload in Payload.__subclasses__()
}
assert len(PAYLOADS) == len(Payload.__subclasses__()), "two messages share a type"
