"""One connection's state, and the effects of each message of its client.

Pure: text and the time go in, effects come out. The consumer carries them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from realtime.core.continuity import StreamPosition
from realtime.core.effects import Close, Effect, Fail, Filter, Leave
from realtime.core.identity import Identity
from realtime.core.limits import Buckets, TokenBucket, utf8_size
from realtime.core.notes import Note, Noted, Notes, noted, told
from realtime.core.resume import EVERYTHING
from realtime.core.text import some_of
from realtime.meters import meters
from realtime.protocol import codec
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import (
    Ack,
    AnyCommand,
    Authenticate,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    Ping,
    Presence,
    SubscribeNotifications,
    UnsubscribeNotifications,
)
from realtime.protocol.connection import Limits, Position
from realtime.streams import user_stream

# A client is closed once it has sent this many more refused than accepted messages.
_PATIENCE = 100
# Each of this many rooms in a command counts as one message more.
ROOMS_A_MESSAGE = 5


@dataclass(slots=True, eq=False, repr=False)
class ConnectionState:
    """The state of one socket, apart from how to write to it.

    `user_id` and `identity` are None until the login. `rooms` maps the joined rooms to their rate.
    `subscriptions` is the client's filter; empty means everything. `places` holds, in the order
    of `epoch`, up to where each stream was written to the socket; sockets that are live on a stream
    share the place of the node. `ack_after` maps resynchronised streams to the offset that an ack
    must exceed, since a lower one may mean an event of before. `acked` maps streams to the last
    offset that this socket acknowledged. `began` is the offset of the user's own stream at which it
    began, if at the head; `notes` says what else happened to it, None for nothing.
    `is_active` says that the person is there; `active_at` is
    when that was last so, monotonic, None for never.
    """

    id: str
    _limits: Limits
    device: str = ""
    device_class: str = ""
    # The rate of commands for all sockets of a user together.
    of_users: Buckets | None = None
    user_id: int | None = None
    identity: Identity | None = None
    rooms: dict[str, str] = field(default_factory=dict)
    subscriptions: frozenset[str] = EVERYTHING
    places: dict[str, StreamPosition] = field(default_factory=dict)
    ack_after: dict[str, int] | None = None
    acked: dict[str, int] | None = None
    began: int | None = None
    notes: Notes | None = None
    is_active: bool = False
    active_at: float | None = None
    _refused: int = 0
    _bucket: TokenBucket = field(init=False)

    def __post_init__(self) -> None:
        limits = self._limits
        self._bucket = TokenBucket(limits.max_messages_per_second, limits.max_message_burst)

    def wants(self, filter_type: str) -> bool:
        """Say whether an event is to be sent; one without a filter type always is."""
        return not filter_type or not self.subscriptions or filter_type in self.subscriptions

    def positions(self) -> dict[str, Position]:
        """Say up to where this socket was written each stream, or had it filtered.

        True of what is queued: first write what the node has delivered in this turn.
        """
        return {
            name: Position(offset=place.offset, epoch=place.epoch)
            for name, place in self.places.items()
        }

    def receive(self, text: str | None, now: float) -> Iterator[Effect]:
        """Say what to do about one frame; None is a binary one. `now` is monotonic."""
        if not self._bucket.take(now) or not self._user_may(now):
            self._refused += 1
            meters.messages_received["invalid"] += 1
            if self._refused > _PATIENCE:
                yield Close(CloseCode.RATE_LIMITED)
            else:
                yield Fail(
                    ErrorCode.RATE_LIMITED,
                    f"More than {self._limits.max_messages_per_second} messages a second, or too "
                    "many of all your connections. Slow down, or be disconnected.",
                )
            return
        self._refused = max(0, self._refused - 1)
        if text is None:
            meters.messages_received["invalid"] += 1
            yield Fail(ErrorCode.BINARY_NOT_SUPPORTED, "Send JSON in text frames, not binary.")
            yield Close(CloseCode.BINARY)
            return
        limit = self._limits.max_message_bytes
        # Characters are never more than bytes: what is far too long is not encoded.
        if len(text) > limit or utf8_size(text) > limit:
            meters.messages_received["invalid"] += 1
            yield Fail(ErrorCode.MESSAGE_TOO_LARGE, f"A message holds at most {limit} bytes.")
            yield Close(CloseCode.TOO_LARGE)
            return
        try:
            command = codec.decode(text)
        except codec.ProtocolError as error:
            meters.messages_received["invalid"] += 1
            yield Fail(error.code, error.message, error.request_id)
            return
        meters.messages_received[str(command.__struct_config__.tag)] += 1
        if self.user_id is None and not isinstance(command, Authenticate | Ping):
            yield Fail(
                ErrorCode.UNAUTHENTICATED, "Send `authenticate` with a token first.", command.id
            )
            yield Close(CloseCode.UNAUTHORIZED)
            return
        if isinstance(command, JoinRoom | LeaveRoom):
            self._charge(len(command.names) // ROOMS_A_MESSAGE, now)
        yield from self._handle(command)

    def _user_may(self, now: float) -> bool:
        if self.of_users is None or self.user_id is None:
            return True
        return self.of_users.take(self.user_id, now)

    def _charge(self, messages: int, now: float) -> None:
        """Count a command as more messages than one: what follows it waits for that long."""
        self._bucket.charge(messages, now)
        if self.of_users is not None and self.user_id is not None:
            self.of_users.charge(self.user_id, messages, now)

    def _handle(self, command: AnyCommand) -> Iterator[Effect]:
        match command:
            case Ping() | JoinRoom() | ListRooms() | Presence() | Authenticate():
                yield command
            case LeaveRoom():
                yield from self._leave(command)
            case SubscribeNotifications():
                yield Filter(self.subscriptions | frozenset(command.types), command.id)
            case UnsubscribeNotifications():
                gone = self.subscriptions if command.types is None else frozenset(command.types)
                yield Filter(self.subscriptions - gone, command.id)
            case Ack():
                yield self._ack(command)
            case _:
                assert_never(command)

    def _leave(self, command: LeaveRoom) -> Iterator[Effect]:
        absent: list[str] = []
        for room in command.names:
            if room in self.rooms:
                yield Leave(room, command.id)
            else:
                absent.append(room)
        if absent:
            rooms = "The room {} is" if len(absent) == 1 else "The rooms {} are"
            text = f"{rooms.format(some_of(absent))} not joined."
            yield Fail(ErrorCode.NOT_JOINED, text, command.id, tuple(absent))

    def may_enter(self, room: str, request_id: str | None) -> Fail | None:
        """Say why a room that the user may join cannot be: there are too many already."""
        if room in self.rooms or len(self.rooms) < self._limits.max_rooms:
            return None
        return Fail(
            ErrorCode.TOO_MANY_ROOMS,
            f"At most {self._limits.max_rooms} rooms: {room!r} was not joined.",
            request_id,
            (room,),
        )

    def be_active(self, is_active: bool, now: float) -> bool:
        """Note whether the person is there, and return whether that has changed."""
        if is_active or self.is_active:
            self.active_at = now
        has_changed = is_active != self.is_active
        self.is_active = is_active
        return has_changed

    def note(self, one: Noted) -> None:
        """Note what has happened to this socket, and when."""
        self.notes = noted(self.notes, one)

    def told(self, now: float) -> list[Note]:
        """Return what has happened to this socket, with ages in seconds."""
        found = told(self.notes, now)
        if self.began is not None and self.user_id is not None:
            stream = user_stream(self.user_id)
            found.insert(0, Note(kind="live", stream=stream, before=self.began))
        return found

    def resynced(self, stream: str, offset: int) -> None:
        """Take no ack of up to `offset` any more: it may mean events of before.

        `offset` is the highest that the client may have had before, or where it goes on now.
        An ack on its way names no epoch, and a new life may use the numbers of the old one again.
        """
        if self.ack_after is None:
            self.ack_after = {}
        self.ack_after[stream] = max(offset, self.ack_after.get(stream, -1))
        if self.acked is not None:
            self.acked.pop(stream, None)

    def _ack(self, command: Ack) -> Effect:
        place = self.places.get(command.stream)
        if place is None:
            return Fail(
                ErrorCode.UNKNOWN_STREAM,
                "Not a stream of this connection; they are: "
                + ", ".join(sorted(self.places))
                + ".",
                command.id,
            )
        if command.offset > place.offset:
            return Fail(
                ErrorCode.INVALID_OFFSET,
                f"Nothing after offset {place.offset} was sent yet.",
                command.id,
            )
        floor = (self.ack_after or {}).get(command.stream, -1)
        if command.offset <= floor:
            return Fail(
                ErrorCode.INVALID_OFFSET,
                f"The stream was resynchronised: acknowledge what came after it, above {floor}.",
                command.id,
            )
        if self.acked is None:
            self.acked = {}
        self.acked[command.stream] = max(command.offset, self.acked.get(command.stream, 0))
        return command
