"""The answers to commands: one message for each, and `error` for those that are refused."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from realtime.protocol.commands import (
    Ack,
    Authenticate,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    Ping,
    Presence,
    SubscribeNotifications,
    UnsubscribeNotifications,
)
from realtime.protocol.connection import Position
from realtime.protocol.messages import Payload, Timestamp, examples

_EXAMPLES = examples(__file__)


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
