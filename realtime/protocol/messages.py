"""The messages of the server: the `data` of each, one frozen struct per type.

A message is an envelope (`codec.encode`) around one of these. The facts about every message of
a type stand on its struct: documents, declarations, the console and `manage.py tail` read it
there. Here are the engine's own; another app declares its messages in its own module and calls
`register` from `ready()`. Clients ignore fields and types that they do not know, so both may be
added at any time. Exact numbers are strings; times are RFC 3339 in UTC with milliseconds
(`codec.timestamp`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from realtime.protocol.commands import (
    COMMAND_TYPES,
    FILTER_TYPES,
    Ack,
    Authenticate,
    Command,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    Ping,
    Presence,
    SubscribeNotifications,
    UnsubscribeNotifications,
)

Timestamp = str
DecimalText = Annotated[str, Meta(pattern=r"^-?\d{1,15}(\.\d{1,8})?$")]
Identifier = Annotated[str, Meta(min_length=1, max_length=64)]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
MAX_FILTER_TYPE = 32


def examples(module: str) -> dict[str, Any]:
    """Read `examples.json` beside a module: an example of each of its messages, by type."""
    text = Path(module).with_name("examples.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


_EXAMPLES = examples(__file__)


class Payload(Struct, frozen=True, kw_only=True):
    """The `data` of a message, and what is true of every message of its type.

    - `wire_type`: the message's `type`.
    - `carried_by`: "stream" for an event, which is kept and numbered; "room" for a message to
      the sockets in a room; empty for one that only the connection is told.
    - `answers`: the commands that it answers.
    - `filter_types`: what subscriptions filter it by. Of several, its field `type` names the
      one. A message without any always arrives.
    - `line`: what logs show of it. `{field}` is a value, nothing if it is null or missing;
      `{#field}…{/field}` is there once if the field has a value, and for each item of a list.
      Without a line, logs show the JSON.
    - `example`: one such message, its envelope without `type` and `timestamp`.
    """

    wire_type: ClassVar[str] = ""
    carried_by: ClassVar[Literal["stream", "room", ""]] = ""
    answers: ClassVar[tuple[type[Command], ...]] = ()
    filter_types: ClassVar[tuple[str, ...]] = ()
    line: ClassVar[str] = ""
    example: ClassVar[dict[str, Any]] = {}

    @property
    def filter_type(self) -> str | None:
        """Return the type that subscriptions filter this message by; None always arrives."""
        if len(self.filter_types) > 1:
            return str(getattr(self, "type"))  # noqa: B009 only such messages have the field
        return self.filter_types[0] if self.filter_types else None


PAYLOADS: dict[str, type[Payload]] = {}


def register(*kinds: type[Payload]) -> None:
    """Make messages known, from the `ready()` of the app that declares them.

    Raises ValueError for a name that another message has, or that cannot be one.
    """
    for kind in kinds:
        name = kind.wire_type
        if name in COMMAND_TYPES or not _NAME.fullmatch(name):
            raise ValueError(f"{kind.__qualname__} cannot have the wire type {name!r}")
        for other in PAYLOADS.values():
            if other is not kind and (other.wire_type == name or other.__name__ == kind.__name__):
                raise ValueError(f"{kind.__qualname__} and {other.__qualname__} share a name")
        for filter_type in kind.filter_types:
            if not _NAME.fullmatch(filter_type) or len(filter_type) > MAX_FILTER_TYPE:
                raise ValueError(f"{filter_type!r} cannot be a filter type")
        PAYLOADS[name] = kind
        FILTER_TYPES.extend(each for each in kind.filter_types if each not in FILTER_TYPES)


# -- durable: written to a stream, numbered


class AccessChanged(Payload, frozen=True, kw_only=True):
    """The user's rights have changed; the server closes the connections that must end.

    `logout` and `closed` name the session or the connection that they concern; without a name,
    all of the user's.
    """

    wire_type = "access_changed"
    carried_by = "stream"
    line = "{change} {connection_id} {session}"
    example = _EXAMPLES["access_changed"]

    change: Literal["logout", "password", "account", "rights", "closed"]
    """The change; `closed`: staff closed connections."""
    session: str | None = None
    """The login that it concerns; null: all of the user's."""
    connection_id: str | None = None
    """The connection that it concerns; null: all of the user's."""
    reconnect: bool = False
    """True if a connection that this closes may come back."""


# -- ephemeral: never in the log, the newest per key is enough


class NodeReport(Payload, frozen=True, kw_only=True):
    """A node's report of itself; in the room `nodes`, for staff."""

    wire_type = "node_report"
    carried_by = "room"
    line = "{node}: {connections} connections, {users} users"
    example = _EXAMPLES["node_report"]

    id: str
    """The node's id, another after each start."""
    node: str
    """Its host and process, for people."""
    host: str
    """The machine's name."""
    pid: int
    """The process."""
    version: str
    """The version of hoardrun."""
    uptime_seconds: int
    """Seconds since it began to serve."""
    connections: int
    """Its sockets, those without a login included."""
    users: int
    """Users that have a socket here."""
    rooms: int
    """Rooms that have a socket here."""
    in_per_second: float
    """Messages from clients, a second, since the last report."""
    out_per_second: float
    """Messages to clients, a second, since the last report."""
    dropped: int
    """Wake-ups that could not be sent, since its start; the log made each good."""
    slow_closed: int
    """Sockets closed for reading too slowly, since its start."""
    lag_ms: float
    """Delay of its event loop, on average."""
    rss_mb: float
    """The memory that it holds, in millions of bytes."""


# -- about the connection


class Position(Struct, frozen=True, kw_only=True):
    """A place in a stream: an offset, and the epoch that it belongs to."""

    offset: int
    """The last event's number in the stream."""
    epoch: str
    """The life of the stream that the offset belongs to."""


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of one connection."""

    max_message_bytes: int
    """The longest message in UTF-8; a longer one closes with 1009."""
    max_messages_per_second: int
    """Messages from the client a second, on average."""
    max_message_burst: int
    """Messages from the client at once."""
    max_rooms: int
    """Rooms that it may be in at a time."""
    max_connections: int
    """Sockets that its user may have; beyond them the oldest is closed."""


class ConnectionEstablished(Payload, frozen=True, kw_only=True):
    """The greeting. Hand `epoch` back, with the offsets reached, to resume."""

    wire_type = "connection_established"
    line = "user {user_id}, connection {connection_id}"
    example = _EXAMPLES["connection_established"]

    message: str = "Connected to real-time notifications"
    """A sentence for people."""
    user_id: str
    """The user that is logged in."""
    connection_id: str
    """Names this connection in logs and in the admin."""
    protocol_version: int
    """The version of this protocol."""
    server_version: str
    """The version of hoardrun."""
    heartbeat_seconds: float
    """Time between two pings of the server; see "Signs of life"."""
    expires_at: Timestamp | None
    """Time at which the login ends; `token_expiring` comes before."""
    limits: Limits
    """The limits of this connection."""
    positions: dict[str, Position]
    """The place at which each stream of this connection begins: later events are sent."""
    epoch: str
    """The epochs of all streams in one text, to hand back as `epoch` with `since`."""
    device: str | None = None
    """The name that the handshake gave, null without one."""


class Pong(Payload, frozen=True, kw_only=True):
    """The answer to `ping`: up to where this socket was sent each stream, or had it filtered.

    All of that was sent before it. Without a filter, an offset above the last one that came
    is a gap: reconnect with `since`. With one, what lies between was left out: go on there.
    """

    wire_type = "pong"
    answers = (Ping,)
    example = _EXAMPLES["pong"]

    positions: dict[str, Position]
    """By stream: the last offset that this socket was sent or had filtered."""


class RoomJoined(Payload, frozen=True, kw_only=True):
    """The room was joined; its next `snapshot` messages are its newest values."""

    wire_type = "room_joined"
    carried_by = "room"
    answers = (JoinRoom,)
    line = "{room} ({rate}), {snapshot} values follow"
    example = _EXAMPLES["room_joined"]

    room: str
    """The room's name."""
    rate: str
    """Highest rate of one key's value: `realtime` as it is made, `1s` or `5s` once in that time."""
    snapshot: int
    """Number of messages with the newest values that come next."""


class RoomLeft(Payload, frozen=True, kw_only=True):
    """The room was left: by `request`, or because its user may be in it no longer (`revoked`)."""

    wire_type = "room_left"
    carried_by = "room"
    answers = (LeaveRoom,)
    line = "{room}: {reason}"
    example = _EXAMPLES["room_left"]

    room: str
    """The room's name."""
    reason: Literal["request", "revoked"] = "request"
    """`request`: the client asked for it; `revoked`: the user may be in it no longer."""


class RoomInfo(Struct, frozen=True, kw_only=True):
    """One room that may be joined."""

    name: str
    """The room's name, as `join_room` takes it."""
    kind: str
    """Rooms of one kind have the same messages."""
    description: str
    """A description for people."""
    joined: bool
    """True if this socket is in it."""


class Rooms(Payload, frozen=True, kw_only=True):
    """The rooms that may be joined, and those that are."""

    wire_type = "rooms"
    answers = (ListRooms,)
    line = "to join: {#rooms}{name}{/rooms}, joined: {joined}"
    example = _EXAMPLES["rooms"]

    rooms: list[RoomInfo]
    """Those that this user may join."""
    joined: list[str]
    """Those that this socket is in."""


class SubscriptionUpdated(Payload, frozen=True, kw_only=True):
    """The types of event that this socket is sent; empty means all."""

    wire_type = "subscription_updated"
    answers = (SubscribeNotifications, UnsubscribeNotifications)
    line = "types: {types}"
    example = _EXAMPLES["subscription_updated"]

    types: list[str]
    """All types of the filter, in alphabetical order."""


class Acked(Payload, frozen=True, kw_only=True):
    """The acknowledgement is stored."""

    wire_type = "acked"
    answers = (Ack,)
    line = "{stream}#{offset}"
    example = _EXAMPLES["acked"]

    stream: str
    """The stream's name."""
    offset: int
    """The offset that was acknowledged; another ack may have moved the cursor further."""


class PresenceUpdated(Payload, frozen=True, kw_only=True):
    """What the client says of its person is noted."""

    wire_type = "presence_updated"
    answers = (Presence,)
    line = "{state}"
    example = _EXAMPLES["presence_updated"]

    state: Literal["active", "away"]
    """The state that it has now."""


class Authenticated(Payload, frozen=True, kw_only=True):
    """The login was renewed until `expires_at`."""

    wire_type = "authenticated"
    answers = (Authenticate,)
    line = "user {user_id}, until {expires_at}"
    example = _EXAMPLES["authenticated"]

    user_id: str
    """The user that is logged in."""
    expires_at: Timestamp | None
    """Time at which the login ends now."""


class TokenExpiring(Payload, frozen=True, kw_only=True):
    """The login ends soon: send `authenticate` with a new token, or be closed with 4401."""

    wire_type = "token_expiring"
    line = "in {seconds} s"
    example = _EXAMPLES["token_expiring"]

    expires_at: Timestamp
    """Time at which the login ends."""
    seconds: int
    """The time until then."""


class ResyncRequired(Payload, frozen=True, kw_only=True):
    """The stream cannot be continued: take a snapshot, and go on from the snapshot's positions.

    One snapshot is enough for several of these, if it is asked for after the last.
    """

    wire_type = "resync_required"
    line = "{stream}: {reason}"
    example = _EXAMPLES["resync_required"]

    stream: str
    """The stream's name."""
    reason: Literal["trimmed", "ahead", "epoch"]
    """Its past is trimmed, your offset is above its head, or it began anew."""
    position: Position
    """This socket is sent what is above it; acknowledge only what is above it."""
    epoch: str
    """The epochs of all streams now, in place of the greeting's."""
    snapshot: str
    """The path of the snapshot to take, relative to the server's address."""
    snapshot_after_ms: int = 0
    """Ask for it after this time, as many others take one too; 0 is at once."""


class ServerShutdown(Payload, frozen=True, kw_only=True):
    """This node is about to close the connection; others serve."""

    wire_type = "server_shutdown"
    line = "come back in {reconnect_after_ms} ms"
    example = _EXAMPLES["server_shutdown"]

    reconnect_after_ms: int
    """Time after which to reconnect."""


class Error(Payload, frozen=True, kw_only=True):
    """A request failed; nothing was changed by it."""

    wire_type = "error"
    line = "{code}: {message}"
    example = _EXAMPLES["error"]

    code: str
    """The kind of error, for programs."""
    message: str
    """The mistake and its remedy, for people."""
    retryable: bool
    """True if the same request may succeed later."""
    rooms: list[str] | UnsetType = UNSET
    """The rooms of the command that this is about, if it is about rooms."""


register(*Payload.__subclasses__())
