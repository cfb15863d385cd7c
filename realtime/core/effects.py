"""The effects of a client's message: `state` decides them, the consumer carries them out."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.protocol.codes import CloseCode, ErrorCode


@dataclass(frozen=True, slots=True)
class Filter:
    """Send these types from now on, or everything if there are none, and say so.

    Events that gathered before are judged by the old filter: so the connection's own
    `subscriptions` change when this is carried out.
    """

    types: frozenset[str]
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Fail:
    """Send an `error`; `rooms` are those of the command that it is about."""

    code: ErrorCode
    message: str
    request_id: str | None = None
    rooms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SendPong:
    """Say up to where this socket was sent each stream."""

    request_id: str | None


@dataclass(frozen=True, slots=True)
class Join:
    """Join rooms, those that the user may and that there is place for."""

    rooms: tuple[str, ...]
    rate: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave a room that is joined."""

    room: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class ListRooms:
    """Send the list of rooms."""

    request_id: str | None


@dataclass(frozen=True, slots=True)
class StoreAck:
    """Store how far a stream was applied."""

    stream: str
    offset: int
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Login:
    """Check a token; log in or renew."""

    token: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket."""

    code: CloseCode


Effect = Filter | Fail | SendPong | Join | Leave | ListRooms | StoreAck | Login | Close
