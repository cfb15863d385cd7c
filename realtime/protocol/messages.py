"""What the server sends: the `data` of each message, one frozen struct per type.

A message is an envelope (`codec.encode`) around one of these. Clients ignore
fields and types that they do not know, so both may be added at any time.
Money and prices are strings with the currency's own number of decimals;
times are RFC 3339 in UTC with milliseconds (`codec.timestamp`).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType, field

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

    `topic` is what subscriptions filter by; None always arrives.
    """

    wire_type: ClassVar[str] = ""

    @property
    def topic(self) -> str | None:
        return None


# -- durable: written to a stream, numbered


class Notification(Payload, frozen=True, kw_only=True):
    """A notification in the user's inbox, new or sent again.

    `stored` is false for one that is an event only: no inbox has it and no count includes it.
    It is left out otherwise.
    """

    wire_type: ClassVar[str] = "notification"
    id: Identifier
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    message: Annotated[str, Meta(min_length=1, max_length=1000)]
    type: NotificationType = "system"
    priority: Priority = "medium"
    status: NotificationStatus = "unread"
    channels: list[Channel] = field(default_factory=lambda: ["in_app"])
    metadata: dict[str, Any] = field(default_factory=dict)
    created_at: Timestamp
    seen_at: Timestamp | None = None
    read_at: Timestamp | None = None
    scheduled_at: Timestamp | None = None
    expires_at: Timestamp | None = None
    stored: bool | UnsetType = UNSET

    @property
    def topic(self) -> str | None:
        return self.type


class NotificationState(Struct, frozen=True, kw_only=True):
    """What reading, seeing or archiving changed on one notification.

    `notification` is the whole of one that is unread again: a client that began while it
    was not does not have it.
    """

    id: Identifier
    status: NotificationStatus
    seen_at: Timestamp | None = None
    read_at: Timestamp | None = None
    notification: Notification | None = None


class NotificationUpdated(Payload, frozen=True, kw_only=True):
    """Notifications changed state, on any device of the user or by staff."""

    wire_type: ClassVar[str] = "notification_updated"
    notifications: list[NotificationState]


class TransactionUpdate(Payload, frozen=True, kw_only=True):
    """A transaction was created or moved to another status."""

    wire_type: ClassVar[str] = "transaction_update"
    id: Identifier
    status: str
    amount: Money
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    account_id: str | None = None
    type: str | None = None
    direction: Literal["inbound", "outbound"] | None = None
    description: str = ""
    payment_method: str | None = None
    provider: str | None = None
    reference: str = ""
    balance_after: Money | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    merchant_name: str = ""
    merchant_category: str = ""
    failure_reason: str = ""

    @property
    def topic(self) -> str | None:
        return "transaction"


class BalanceUpdate(Payload, frozen=True, kw_only=True):
    """An account and its balances, after it was opened or any of this changed."""

    wire_type: ClassVar[str] = "balance_update"
    account_id: Identifier
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    available_balance: Money
    current_balance: Money
    account_type: str | None = None
    name: str | None = None
    status: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None

    @property
    def topic(self) -> str | None:
        return "balance"


class SystemAnnouncement(Payload, frozen=True, kw_only=True):
    """An announcement to everybody; sent again with `ends_at` in the past when it is over."""

    wire_type: ClassVar[str] = "system_announcement"
    id: Identifier
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    message: Annotated[str, Meta(min_length=1, max_length=5000)]
    severity: Severity = "info"
    starts_at: Timestamp | None = None
    ends_at: Timestamp | None = None
    published_at: Timestamp | None = None


class AccessChanged(Payload, frozen=True, kw_only=True):
    """What the user may do has changed; connections that lose by it are closed by themselves.

    `logout` and `closed` name what they concern, a session or a connection; without a name,
    all of the user's.
    """

    wire_type: ClassVar[str] = "access_changed"
    change: Literal["logout", "password", "account", "rights", "closed"]
    session: str | None = None
    connection_id: str | None = None
    reconnect: bool = False


# -- ephemeral: never in the log, the newest per key is enough


class MarketUpdate(Payload, frozen=True, kw_only=True):
    """The newest quote of an instrument; all prices are strings in `currency`."""

    wire_type: ClassVar[str] = "market_update"
    symbol: Annotated[str, Meta(min_length=1, max_length=20)]
    price: Money
    name: str = ""
    type: str = ""
    currency: str = "USD"
    change: Money | None = None
    change_percent: str | None = None
    open: Money | None = None
    high: Money | None = None
    low: Money | None = None
    previous_close: Money | None = None
    volume: str | None = None
    status: str = "open"
    timestamp: Timestamp | None = None


class NotificationCounts(Payload, frozen=True, kw_only=True):
    """The bell: authoritative counts, to replace whatever the client has."""

    wire_type: ClassVar[str] = "notification_counts"
    unread: int
    unseen: int


class NodeReport(Payload, frozen=True, kw_only=True):
    """What a node reported of itself; in the room `nodes`, for staff."""

    wire_type: ClassVar[str] = "node_report"
    id: str
    node: str
    host: str
    pid: int
    version: str
    uptime_seconds: int
    connections: int
    users: int
    rooms: int
    in_per_second: float
    out_per_second: float
    dropped: int
    slow_closed: int
    lag_ms: float
    rss_mb: float


# -- about the connection


class Position(Struct, frozen=True, kw_only=True):
    """Where a stream stands: the last offset, and the epoch it belongs to."""

    offset: int
    epoch: str


class Limits(Struct, frozen=True, kw_only=True):
    """What one connection may ask for."""

    max_message_bytes: int
    max_messages_per_second: int
    max_message_burst: int
    max_rooms: int
    max_connections: int


class ConnectionEstablished(Payload, frozen=True, kw_only=True):
    """The greeting. Hand `epoch` back, with the offsets reached, to resume."""

    wire_type: ClassVar[str] = "connection_established"
    message: str = "Connected to real-time notifications"
    user_id: str
    connection_id: str
    protocol_version: int
    server_version: str
    heartbeat_seconds: float
    expires_at: Timestamp | None
    limits: Limits
    positions: dict[str, Position]
    epoch: str
    device: str | None = None


class Pong(Payload, frozen=True, kw_only=True):
    """The answer to `ping`: up to where this socket was sent each stream, or had it filtered.

    All of that was sent before it. Without a filter, an offset above the last one that came
    is a gap: reconnect with `since`. With one, what lies between was left out: go on there.
    """

    wire_type: ClassVar[str] = "pong"
    positions: dict[str, Position]


class RoomJoined(Payload, frozen=True, kw_only=True):
    """The room was joined; its next `snapshot` messages are its newest values."""

    wire_type: ClassVar[str] = "room_joined"
    room: str
    rate: str
    snapshot: int


class RoomLeft(Payload, frozen=True, kw_only=True):
    """The room was left: by `request`, or because its user may be in it no longer (`revoked`)."""

    wire_type: ClassVar[str] = "room_left"
    room: str
    reason: Literal["request", "revoked"] = "request"


class RoomInfo(Struct, frozen=True, kw_only=True):
    """One room that may be joined."""

    name: str
    kind: str
    description: str
    joined: bool


class Rooms(Payload, frozen=True, kw_only=True):
    """The rooms that may be joined, and those that are."""

    wire_type: ClassVar[str] = "rooms"
    rooms: list[RoomInfo]
    joined: list[str]


class SubscriptionUpdated(Payload, frozen=True, kw_only=True):
    """The whole set of types this socket is sent; empty means everything."""

    wire_type: ClassVar[str] = "subscription_updated"
    types: list[str]


class Acked(Payload, frozen=True, kw_only=True):
    """The acknowledgement is stored."""

    wire_type: ClassVar[str] = "acked"
    stream: str
    offset: int


class Authenticated(Payload, frozen=True, kw_only=True):
    """The login was renewed until `expires_at`."""

    wire_type: ClassVar[str] = "authenticated"
    user_id: str
    expires_at: Timestamp | None


class TokenExpiring(Payload, frozen=True, kw_only=True):
    """The login ends soon: send `authenticate` with a new token, or be closed with 4401."""

    wire_type: ClassVar[str] = "token_expiring"
    expires_at: Timestamp
    seconds: int


class ResyncRequired(Payload, frozen=True, kw_only=True):
    """The stream cannot be continued: take a snapshot, then go on from `position`."""

    wire_type: ClassVar[str] = "resync_required"
    stream: str
    reason: Literal["trimmed", "ahead", "epoch"]
    position: Position
    epoch: str
    snapshot: str


class ServerShutdown(Payload, frozen=True, kw_only=True):
    """This node is about to close the connection; others serve."""

    wire_type: ClassVar[str] = "server_shutdown"
    reconnect_after_ms: int


class Error(Payload, frozen=True, kw_only=True):
    """A request failed; nothing was changed by it."""

    wire_type: ClassVar[str] = "error"
    code: str
    message: str
    retryable: bool


PAYLOADS: dict[str, type[Payload]] = {
    payload.wire_type: payload for payload in Payload.__subclasses__()
}
assert len(PAYLOADS) == len(Payload.__subclasses__()), "two messages share a type"
