"""The streams that this node follows: fan-out, catching up, and reconciling.

All sockets that are live on a stream stand at the node's own position in it. One that
has to catch up reads pages of the log until it stands there too, and then goes live
in the same step of the event loop, so nothing can slip in between.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from realtime import log
from realtime.core.continuity import Heard, Reason, StreamPosition, hear, turn_page
from realtime.core.frames import Frame
from realtime.core.resume import join_epochs
from realtime.db import threads
from realtime.db.batch import BatchedLoader
from realtime.hub.replay_budgets import ReplayBudgets
from realtime.hub.socket import Socket
from realtime.hub.writes import MAX_PIECE_BYTES, WriteCycle
from realtime.log import Head, StoredEvent
from realtime.protocol.codes import CloseCode
from realtime.protocol.messages import Position, ResyncRequired

logger = logging.getLogger(__name__)

SNAPSHOT_PATH = "/api/v1/snapshot"


class FollowedStream:
    """One stream: the place where this node stands in it, and who follows.

    `live` and `filtered` stand at the node's own place; the filtered ones have set a
    subscription. `waiting` are behind, or not let in yet.
    """

    __slots__ = (
        "again",
        "catching_up",
        "filtered",
        "fresh",
        "fresh_bytes",
        "live",
        "name",
        "place",
        "resets",
        "waiting",
        "woken",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.place = StreamPosition("", -1)  # not known yet
        self.resets = 0  # how often it was put at another place
        self.woken = 0  # the highest offset heard of and not delivered at once
        self.live: set[Socket] = set()
        self.filtered: set[Socket] | None = None
        self.waiting: set[Socket] | None = None
        self.fresh: list[tuple[StoredEvent, Frame]] | None = None  # delivered in this turn
        self.fresh_bytes = 0
        self.catching_up: asyncio.Task[None] | None = None
        self.again = False  # somebody needs a read of the log that begins from now on

    @property
    def known(self) -> bool:
        return self.place.offset >= 0

    @property
    def empty(self) -> bool:
        return not (self.live or self.filtered or self.waiting)

    def wait(self, socket: Socket) -> None:
        """Let a socket in that is behind, at its own place."""
        self.remove(socket)
        if self.waiting is None:
            self.waiting = set()
        self.waiting.add(socket)

    def go_live(self, socket: Socket) -> None:
        """Let a socket share the node's place, with or without a filter."""
        self.remove(socket)
        socket.connection.places[self.name] = self.place
        if not socket.connection.subscriptions:
            self.live.add(socket)
        else:
            if self.filtered is None:
                self.filtered = set()
            self.filtered.add(socket)

    def is_live(self, socket: Socket) -> bool:
        return socket in self.live or (self.filtered is not None and socket in self.filtered)

    def is_waiting(self, socket: Socket) -> bool:
        return self.waiting is not None and socket in self.waiting

    def remove(self, socket: Socket) -> None:
        self.live.discard(socket)
        if self.filtered is not None:
            self.filtered.discard(socket)
            self.filtered = self.filtered or None
        if self.waiting is not None:
            self.waiting.discard(socket)
            self.waiting = self.waiting or None


class FollowedStreams:
    """All streams of this node.

    `on_delivered(entry, sockets)` is told of each event and how many sockets it was
    written to at once, `on_replayed(entry)` of each that a socket got late. `page_bytes` is
    read of the log at a time: what a drained socket takes. `replays` bounds what is read for
    sockets that are behind; None: nothing does. `on_reset(name)` is told of a stream of which
    events were passed over.
    """

    def __init__(
        self,
        cycle: WriteCycle,
        on_delivered: Callable[[StoredEvent, int], None],
        on_replayed: Callable[[StoredEvent], None],
        page_bytes: int = log.PAGE_BYTES,
        replays: ReplayBudgets | None = None,
        on_reset: Callable[[str], None] = lambda name: None,
    ) -> None:
        self.followed: dict[str, FollowedStream] = {}
        self._cycle = cycle
        self._log = BatchedLoader(partial(log.read_many, max_bytes=page_bytes))
        self._on_delivered = on_delivered
        self._on_replayed = on_replayed
        self._replays = replays
        self._on_reset = on_reset
        self._tasks: set[asyncio.Task[None]] = set()

    # -- who follows

    def add(self, name: str, socket: Socket) -> FollowedStream:
        """Let a socket wait for a stream; it receives nothing before `begin`."""
        followed = self.followed.get(name)
        if followed is None:
            followed = self.followed[name] = FollowedStream(name)
        followed.wait(socket)
        return followed

    def begin(self, socket: Socket, followed: FollowedStream) -> None:
        """Go live from the socket's place, at once or after what it missed."""
        place = socket.connection.places[followed.name]
        if (place.epoch, place.offset) == (followed.place.epoch, followed.place.offset):
            self._go_live(socket, followed)
        else:
            socket.spawn(self._replay(socket, followed))

    def filter(self, socket: Socket, types: frozenset[str]) -> None:
        """Send a socket these types from here on; none of them means everything.

        What this node had before is still judged by the old filter.
        """
        self._cycle.fan_out_now()
        socket.connection.subscriptions = types
        for name in socket.connection.places:
            followed = self.followed.get(name)
            if followed is not None and followed.is_live(socket):
                followed.go_live(socket)

    def _go_live(self, socket: Socket, followed: FollowedStream) -> None:
        self._cycle.fan_out_now()  # what this turn had before is not for the newcomer
        if followed.is_waiting(socket):  # it may have been closed by what was spread
            followed.go_live(socket)

    def remove(self, name: str, socket: Socket) -> bool:
        """Take a socket away; True when nobody follows the stream any more."""
        followed = self.followed.get(name)
        if followed is None:
            return False
        followed.remove(socket)
        if not followed.empty:
            return False
        del self.followed[name]
        return True

    def learn(self, name: str, head: Head) -> None:
        """Take over where a stream stands, read after its layer group was joined."""
        followed = self.followed.get(name)
        if followed is None:
            return
        if not followed.known:
            followed.place.epoch, followed.place.offset = head.epoch, head.head
        if max(followed.woken, head.head) > followed.place.offset:
            self.catch_up(followed)

    def sockets(self, name: str) -> list[Socket]:
        """List who follows a stream, or waits to be let in."""
        found = self.followed.get(name)
        if found is None:
            return []
        return [*found.live, *(found.filtered or ()), *(found.waiting or ())]

    # -- live

    def receive(self, events: Iterable[Sequence[object]]) -> None:
        """Take a wake-up: `[stream, epoch, offset, type, filter_type, payload or None]` each."""
        for event in events:
            stream, epoch, offset, kind, filter_type, payload = event
            followed = self.followed.get(stream)  # type: ignore[call-overload]
            if followed is None or not isinstance(offset, int):
                continue
            if not followed.known:
                followed.woken = max(followed.woken, offset)
                continue
            heard = hear(followed.place, str(epoch), offset)
            if heard is Heard.NEXT and isinstance(payload, str):
                self._deliver(
                    followed,
                    StoredEvent(
                        followed.name, str(epoch), offset, str(kind), str(filter_type), payload
                    ),
                )
            elif heard is Heard.FOREIGN:
                self.catch_up(followed)
            elif heard is not Heard.OLD:
                followed.woken = max(followed.woken, offset)
                self._read(followed)

    def _deliver(self, followed: FollowedStream, entry: StoredEvent) -> None:
        followed.place.offset = entry.offset
        if followed.fresh is None:
            followed.fresh = []
            self._cycle.fan_out_later(partial(self._fan_out, followed))
        frame = Frame(entry.payload.encode())
        followed.fresh.append((entry, frame))
        followed.fresh_bytes += frame.size
        if followed.fresh_bytes >= MAX_PIECE_BYTES:
            self._fan_out(followed)

    def _fan_out(self, followed: FollowedStream) -> None:
        """Write what this turn delivered; who is full goes on from the log when drained."""
        fresh, followed.fresh = followed.fresh, None
        if fresh is None:
            return  # it has left in pieces already
        followed.fresh_bytes = 0
        try:
            self._write(followed, fresh)
        except Exception:  # nobody may go on behind a gap: they resume from the log
            logger.exception("stream %s: writing failed", followed.name)
            for socket in (*followed.live, *(followed.filtered or ())):
                socket.close(CloseCode.RESTART, at_once=True)

    def _write(self, followed: FollowedStream, fresh: list[tuple[StoredEvent, Frame]]) -> None:
        others = self._cycle.write_all(followed.live, [frame for _, frame in fresh])
        at_once = len(followed.live) - len(others)
        others += followed.filtered or ()
        for entry, frame in fresh:
            taken = at_once
            still: list[Socket] = []
            for socket in others:
                wanted = socket.connection.wants(entry.filter_type)
                if not wanted or socket.offer(frame):
                    taken += wanted
                    still.append(socket)
                else:
                    socket.connection.places[entry.stream] = StreamPosition(
                        entry.epoch, entry.offset - 1
                    )
                    followed.wait(socket)
                    socket.spawn(self._replay(socket, followed))
            others = still
            self._on_delivered(entry, taken)

    # -- from the log

    def catch_up(self, followed: FollowedStream) -> asyncio.Task[None]:
        """Read what this node has not seen of a stream by now; one read at a time."""
        followed.again = True  # one that is under way may have looked before
        return self._read(followed)

    def _read(self, followed: FollowedStream) -> asyncio.Task[None]:
        if followed.catching_up is None or followed.catching_up.done():
            task = asyncio.ensure_future(self._catch_up(followed))
            followed.catching_up = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return followed.catching_up

    async def _catch_up(self, followed: FollowedStream) -> None:
        place = followed.place
        try:
            while True:
                before, woken, resets = place.offset, followed.woken, followed.resets
                followed.again = False
                head, entries = await self._log.load((followed.name, before))
                if followed.resets != resets:
                    continue  # for a socket that waited; what was read may be older than that
                page = turn_page(place, before, head, entries)
                if page.resync is not None:
                    self._reset(followed, head, page.resync)
                for entry in entries[page.start : page.stop]:
                    self._deliver(followed, entry)
                if followed.again:
                    continue
                if max(head.head, followed.woken) <= place.offset:
                    return
                if place.offset == before and followed.woken == woken:
                    return  # a hint that the log does not back: reconcile looks again
        except Exception as error:  # the next reconcile tries again
            logger.warning("stream %s: catching up failed: %r", followed.name, error)
        finally:
            followed.catching_up = None

    def _reset(self, followed: FollowedStream, head: Head, reason: Reason) -> None:
        """Go on from the head, and tell everybody who was live that the past is gone."""
        self._cycle.fan_out_now()
        logger.warning("stream %s: resynchronised (%s)", followed.name, reason)
        if head.epoch != followed.place.epoch:
            followed.woken = 0  # those offsets were of a life that is over
        followed.resets += 1
        before = followed.place.offset
        followed.place.epoch, followed.place.offset = head.epoch, head.head
        for socket in (*followed.live, *(followed.filtered or ())):
            self._say_resync(socket, followed.name, followed.place, reason, before)
        self._on_reset(followed.name)

    def resync(self, socket: Socket, name: str, place: StreamPosition, reason: Reason) -> None:
        """Put a socket that waits at another place, and tell its client to go on from there."""
        before = socket.connection.places[name].offset
        place = socket.connection.places[name] = StreamPosition(place.epoch, place.offset)
        self._say_resync(socket, name, place, reason, before)

    def _say_resync(
        self, socket: Socket, name: str, place: StreamPosition, reason: Reason, before: int
    ) -> None:
        socket.connection.resynced(name, max(before, place.offset))
        socket.reply(
            ResyncRequired(
                stream=name,
                reason=reason,
                position=Position(offset=place.offset, epoch=place.epoch),
                epoch=join_epochs([other.epoch for other in socket.connection.places.values()]),
                snapshot=SNAPSHOT_PATH,
            )
        )

    async def _replay(self, socket: Socket, followed: FollowedStream) -> None:
        """Send a waiting socket what it missed, page by page, then let it go live."""
        while socket.is_open and followed.is_waiting(socket):
            try:
                await self._replay_page(socket, followed)
            except Exception as error:  # a database that is away must not end the socket
                logger.warning("connection %s: replay failed: %r", socket.connection.id, error)
                await asyncio.sleep(random.uniform(0.2, 1.0))  # apart from the others

    async def _replay_page(self, socket: Socket, followed: FollowedStream) -> None:
        place, node = socket.connection.places[followed.name], followed.place
        if (place.epoch, place.offset) == (node.epoch, node.offset):
            self._go_live(socket, followed)
        else:
            await socket.drained()
            if self._replays is not None and (seconds := self._replays.wait(socket)) > 0:
                await asyncio.sleep(seconds)
                return  # and look again: others have read meanwhile
            before = place.offset
            head, entries = await self._log.load((followed.name, before))
            if self._replays is not None:
                self._replays.charge(socket, len(entries))
            if socket.connection.places[followed.name] is not place:
                return  # resynchronised meanwhile
            if head.epoch != node.epoch:
                self._reset(followed, head, "epoch")
                return  # what was read is no continuation of what this socket has
            if head.epoch != place.epoch:
                self.resync(socket, followed.name, node, "epoch")
                return
            page = turn_page(place, before, head, entries)
            if page.resync is None:
                if not entries or before > node.offset:
                    # Shared by all who wait: one that leaves must not end it for the others.
                    await asyncio.shield(self.catch_up(followed))
                self._send_page(socket, followed, place, entries[page.start : page.stop])
                return
            if page.resync == "ahead":
                self._reset(followed, head, "ahead")
            self.resync(socket, followed.name, node, page.resync)

    def _send_page(
        self,
        socket: Socket,
        followed: FollowedStream,
        place: StreamPosition,
        entries: Sequence[StoredEvent],
    ) -> None:
        connection = socket.connection
        if connection.places[followed.name] is not place:
            return  # resynchronised meanwhile
        for entry in entries:
            if connection.wants(entry.filter_type):
                if not socket.offer(Frame(entry.payload.encode())):
                    return
                self._on_replayed(entry)
            place.offset = entry.offset

    # -- the promise

    async def reconcile(self) -> None:
        """Compare every stream with the log in one read, and catch up where it is ahead."""
        known = [name for name, followed in self.followed.items() if followed.known]
        if not known:
            return
        found = await threads.run(log.heads, known)
        for name, head in found.items():
            followed = self.followed.get(name)
            if followed is None or not followed.known:
                continue
            if head.epoch != followed.place.epoch or head.head != followed.place.offset:
                self.catch_up(followed)

    def positions(self, socket: Socket) -> dict[str, int]:
        """Say where this node stands in the socket's streams."""
        return {
            name: self.followed[name].place.offset
            for name in socket.connection.places
            if name in self.followed
        }
