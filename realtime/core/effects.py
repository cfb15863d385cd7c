"""The effects of a client's message: `state` decides them, the consumer carries them out.

A command that the connection's state only lets pass is its own effect, and the last of its message.
"""

from __future__ import annotations

from dataclasses import dataclass

from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import Ack, Authenticate, JoinRoom, ListRooms, Ping, Presence


@dataclass(frozen=True, slots=True)
class Filter:
    """Send these types from now on, or everything if there are none, and say so.

    Events that gathered before are judged by the old filter: so the connection's own
    `subscriptions` change when this is carried out.
    """

    types: frozenset[str]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Fail:
    """Send an `error`; `rooms` are those of the command that it is about."""

    code: ErrorCode
    message: str
    id: str | None = None
    rooms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave a room that is joined."""

    room: str
    id: str | None


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket."""

    code: CloseCode


Effect = Filter | Fail | Leave | Close | Ack | Ping | JoinRoom | ListRooms | Presence | Authenticate
