"""Messages about the connection itself that no command asks for, from its greeting to its end."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from realtime.protocol.messages import Payload, Timestamp, examples

_EXAMPLES = examples(__file__)


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
