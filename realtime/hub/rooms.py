"""The rooms of this node: their sockets, the newest value per key, and the rate of each socket.

Messages come through the layer, from a room's own source, or from this process.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import aclosing
from functools import partial

from msgspec import Raw

from realtime import rooms
from realtime.core.frames import Frame
from realtime.core.records import Ephemeral
from realtime.db import threads
from realtime.hub.socket import Socket
from realtime.hub.wholes import Wholes
from realtime.hub.writes import Audience, Spawn, WriteCycle
from realtime.layer import groups
from realtime.layer.receive import LayerReceiver
from realtime.meters import meters
from realtime.protocol import codec
from realtime.protocol.answers import RoomJoined
from realtime.rooms import RoomKind

logger = logging.getLogger(__name__)

INTERVALS = {"1s": 1.0, "5s": 5.0}  # seconds between two messages of one key
# The pause before a room's source that has ended starts again. Doubled until it yields.
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.5, 30.0
READ_AGAIN_SECONDS = 5.0  # after the parts of a composed room could not be read


class JoinedRoom(Audience[str]):
    """One room, which lives while a socket is in it or about to join."""

    def __init__(self, name: str, kind: RoomKind) -> None:
        super().__init__()
        self.name = name
        self.kind = kind
        self.by_rate: dict[str, set[Socket]] = {"realtime": set(), "1s": set(), "5s": set()}
        self.newest: dict[str, Frame] = {}
        self.thinned: dict[str, dict[str, Frame]] = {"1s": {}, "5s": {}}
        # Of a composed room: what it has the messages of, the rooms of `newest`, and the reading
        # of both, one at a time.
        self.parts: frozenset[str] = frozenset()
        self.places: dict[str, str] = {}
        self.reading = asyncio.Lock()
        self.joining = 0
        self.ready: asyncio.Task[None] | None = None
        self.source: asyncio.Task[None] | None = None
        self.sent_at: float | None = None  # when the first message of this turn was sent

    def enter(self, socket: Socket, rate: str) -> None:
        """Take in a socket, at another rate than before or for the first time."""
        self.leave(socket)
        self.by_rate[rate].add(socket)
        if rate == "realtime":
            self.came(socket)

    def leave(self, socket: Socket) -> None:
        """Let a socket go. Idempotent."""
        if socket in self.by_rate["realtime"]:
            self.left(socket)
        for sockets in self.by_rate.values():
            sockets.discard(socket)

    def keep(self, key: str, frame: Frame) -> None:
        """Keep the newest value of a key; the key that came first gives way to one too many."""
        self.newest[key] = frame
        if self.kind.max_keys is not None and len(self.newest) > self.kind.max_keys:
            del self.newest[next(iter(self.newest))]

    def place(self, names: Sequence[str]) -> str | None:
        """Return the room as whose message one to some rooms comes in here; None: it does not."""
        if self.name in names:
            return self.name
        return next((name for name in names if name in self.parts), None)

    def forget(self, parts: Collection[str]) -> None:
        """Forget the newest messages of rooms that are no longer parts of this one."""
        for key in [key for key, name in self.places.items() if name in parts]:
            del self.places[key]
            self.newest.pop(key, None)
            for waiting in self.thinned.values():
                waiting.pop(key, None)

    def __len__(self) -> int:
        return sum(len(sockets) for sockets in self.by_rate.values())


class JoinedRooms:
    """All rooms of this node."""

    def __init__(self, cycle: WriteCycle[Socket], spawn: Spawn, receiver: LayerReceiver) -> None:
        self.joined: dict[str, JoinedRoom] = {}
        self._wholes: Wholes[JoinedRoom] = Wholes()
        self._cycle = cycle
        self._receiver = receiver
        self._spawn = spawn

    def wants(self, topic: str) -> bool:
        """Say whether this node has a room that a topic feeds."""
        return any(members.kind.topic == topic for members in self.joined.values())

    async def allowed(self, user_id: int, names: Sequence[str]) -> set[str]:
        """Return those rooms that a user may join, asked of the database in one go.

        A room that does not exist and one that is closed to this user look alike.
        """
        kinds = [(kind, name) for name in names if (kind := rooms.kind_of(name)) is not None]
        if not kinds:
            return set()
        return await threads.run(
            lambda: {name for kind, name in kinds if kind.may_join(user_id, name)}
        )

    async def join(self, socket: Socket, room: str, rate: str, request_id: str | None) -> None:
        """Let a socket in that may join, and send it `room_joined` and the snapshot."""
        members = self.joined.get(room)
        if members is None:
            kind = rooms.kind_of(room)
            assert kind is not None, "ask `allowed` first"
            members = self.joined[room] = JoinedRoom(room, kind)
            members.ready = self._spawn(self._prepare(members))
        members.joining += 1
        try:
            if members.ready is not None:
                await asyncio.shield(members.ready)
            # The snapshot has the earlier messages of this turn. A write may close this socket.
            self._cycle.fan_out_now()
            if socket.is_open:
                self._enter(socket, members, rate, request_id)
        finally:
            members.joining -= 1
            self._drop_if_empty(members)

    def _enter(
        self, socket: Socket, members: JoinedRoom, rate: str, request_id: str | None
    ) -> None:
        room = members.name
        members.enter(socket, rate)
        socket.connection.rooms[room] = rate
        # Joined before, at another rate: the snapshot must come after the answer.
        socket.forget(f"{room} ")
        socket.reply(
            RoomJoined(room=room, rate=rate, snapshot=len(members.newest)), request_id, room
        )
        for key, frame in members.newest.items():
            socket.put_newest(f"{room} {key}", frame)

    async def _prepare(self, members: JoinedRoom) -> None:
        self._join(members.kind.topic)
        await self._receiver.settled()
        async with members.reading:
            await self._read(members)
        if self.joined.get(members.name) is members:  # else all sockets have left again
            members.source = self._spawn(self._run_source(members))

    async def _read(self, members: JoinedRoom) -> None:
        """Read the snapshot of a room, and which rooms it has the messages of."""
        is_composed = members.kind.is_composed
        try:
            if is_composed:
                await self._follow_parts(members)
            frames: dict[str, Frame] = {}
            for message in await threads.run(members.kind.snapshot, members.name):
                if name := members.place(message.rooms):
                    data = codec.encode(message.payload, room=name)
                    frames[message.key] = Frame(data, message.payload.wire_type)
                    if is_composed:
                        members.places.setdefault(message.key, name)
            came, members.newest = members.newest, {}
            for key, frame in (frames | came).items():
                members.keep(key, frame)
        except Exception as error:  # the room is joined without one; updates follow
            logger.warning("room %s: no snapshot: %r", members.name, error)
            if is_composed:  # of which rooms, is not known
                self._spawn(self._read_later(members))

    async def _follow_parts(self, members: JoinedRoom) -> None:
        parts = await threads.run(members.kind.parts, members.name)
        if parts is not None and self.joined.get(members.name) is members:
            members.forget(self._wholes.follow(members, members.parts, parts))
            members.parts = frozenset(parts)

    async def _read_again(self, members: JoinedRoom) -> None:
        """Follow a room's parts as they are now, and send the newest of those that are new."""
        async with members.reading:  # one that began earlier knows less
            before = set(members.newest)
            await self._read(members)
        for key, frame in members.newest.items():
            if key not in before:
                for sockets in members.by_rate.values():
                    for socket in sockets:
                        socket.put_newest(f"{members.name} {key}", frame)

    async def _read_later(self, members: JoinedRoom) -> None:
        await asyncio.sleep(READ_AGAIN_SECONDS * random.uniform(0.5, 1))
        if self.joined.get(members.name) is members:
            await self._read_again(members)

    async def _run_source(self, members: JoinedRoom) -> None:
        """Deliver what a room's source yields while the room lives; start it again if it ends."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                source = members.kind.source(members.name)
                if source is None:
                    return
                async with aclosing(source):
                    async for messages in source:
                        self.deliver(members.kind.topic, messages)
                        pause = FIRST_PAUSE_SECONDS
                logger.warning("room %s: its source has ended", members.name)
            except Exception:
                logger.exception("room %s: its source failed", members.name)
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, MAX_PAUSE_SECONDS)

    def leave(self, socket: Socket, room: str) -> None:
        """Take a socket out of a room, and what waits for it of that room."""
        socket.connection.rooms.pop(room, None)
        socket.forget(f"{room} ")
        members = self.joined.get(room)
        if members is not None:
            members.leave(socket)
            self._drop_if_empty(members)

    def _drop_if_empty(self, members: JoinedRoom) -> None:
        if not members and not members.joining and self.joined.get(members.name) is members:
            if members.source is not None:
                members.source.cancel()
            del self.joined[members.name]
            self._wholes.follow(members, members.parts, ())
            if not self.wants(members.kind.topic):
                self._join(members.kind.topic)

    def _join(self, topic: str) -> None:
        """Join the layer group of a topic that feeds a room now, or leave it."""
        self._receiver.join(groups.topic_group(topic), partial(self.wants, topic))

    # -- messages

    def deliver(self, topic: str, messages: Iterable[Ephemeral]) -> None:
        """Send messages of this very process."""
        self.receive(
            topic,
            [(m.rooms, m.key, m.payload.wire_type, codec.encode_data(m.payload)) for m in messages],
            time.time(),
        )

    def receive(
        self,
        topic: str,
        messages: Iterable[tuple[Sequence[str], str, str, str | bytes]],
        sent_at: float | None = None,
    ) -> None:
        """Send messages that came through the layer: rooms, key, type and JSON data of each.

        `sent_at` is their sender's time, if it is known.
        """
        moment = codec.timestamp()
        joined, has_wholes = self.joined, len(self._wholes) > 0
        for names, key, wire_type, content in messages:
            raw = Raw(content.encode() if isinstance(content, str) else content)
            for name in names:
                members = joined.get(name)
                frame: Frame | None = None
                if members is not None and members.kind.topic == topic:
                    data = codec.encode_raw(wire_type, raw, room=name, moment=moment)
                    frame = Frame(data, wire_type)
                    self._put(members, key, frame, sent_at)
                    if members.kind.is_composed:  # it tells of the room itself
                        members.places[key] = name
                        self._spawn(self._read_again(members))
                if not has_wholes:
                    continue
                for whole in self._wholes.of(name):
                    if whole.kind.topic == topic:
                        if frame is None:  # encoded once: it says where it was published
                            data = codec.encode_raw(wire_type, raw, room=name, moment=moment)
                            frame = Frame(data, wire_type)
                        whole.places[key] = name
                        self._put(whole, key, frame, sent_at)

    def _put(self, members: JoinedRoom, key: str, frame: Frame, sent_at: float | None) -> None:
        """Send a message to the sockets of a room."""
        members.keep(key, frame)
        for rate, waiting in members.thinned.items():
            if members.by_rate[rate]:
                waiting[key] = frame
            else:
                waiting.pop(key, None)  # its socket has left: the value is outdated
        if members.by_rate["realtime"]:
            members.sent_at = members.sent_at or sent_at
            self._cycle.gather(members, f"{members.name} {key}", frame, self._fan_out)

    def _fan_out(self, members: JoinedRoom, fresh: list[tuple[str, Frame]]) -> None:
        """Write what this turn received; a socket that is held up gets the newest of each key.

        A write that fails for all leaves the newest of each key with every socket: a value
        that comes twice is harmless, one that never comes is not.
        """
        sockets = members.by_rate["realtime"]
        try:
            others = self._cycle.write_all(members, sockets, [frame for _, frame in fresh])
        except Exception:
            logger.exception("room %s: writing failed, the newest values follow", members.name)
            fresh = list(dict(fresh).items())
            others = list(sockets)
        if members.sent_at is not None:
            meters.delivery_seconds["room"].observe(max(0.0, time.time() - members.sent_at))
            members.sent_at = None
        for socket in others:
            for key, frame in fresh:
                socket.put_newest(key, frame)

    def flush(self, rate: str) -> None:
        """Send what the slower rates have waited for."""
        for members in self.joined.values():
            waiting = members.thinned[rate]
            if not waiting:
                continue
            members.thinned[rate] = {}
            for key, frame in waiting.items():
                name = f"{members.name} {key}"
                for socket in members.by_rate[rate]:
                    socket.put_newest(name, frame)

    def counts(self) -> dict[str, int]:
        """Count the sockets per room."""
        return {name: len(members) for name, members in self.joined.items()}
