"""The streams that this node follows: fan-out, catching up, and reconciling.

All sockets that are live on a stream stand at the node's own position in it. One that
has to catch up reads pages of the log until it stands there too, and then goes live
in the same step of the event loop, so nothing can slip in between.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from functools import partial

from realtime import log
from realtime.core.continuity import Head, Heard, StreamPosition, hear, turn_page
from realtime.core.frames import Frame
from realtime.core.notes import Note
from realtime.core.pace import Rest
from realtime.core.resume import EVERYTHING
from realtime.db.batch import BatchedLoader
from realtime.hub.followed import ACK_SAMPLE, FollowedStream, IsFollowed
from realtime.hub.replay import Replay, ReplayBudgets
from realtime.hub.resets import Resets
from realtime.hub.socket import Socket
from realtime.hub.wakeups import MissingWakeups, OnLost
from realtime.hub.writes import Spawn, WriteCycle
from realtime.layer import groups
from realtime.layer.receive import LayerReceiver
from realtime.log import StoredEvent
from realtime.meters import meters
from realtime.protocol.codes import CloseCode

logger = logging.getLogger(__name__)


class FollowedStreams:
    """All streams of this node.

    `on_delivered(event, sockets)` is told of each event and how many sockets it was
    written to at once, `on_replayed(stream, events)` of those that a socket got late. `page_bytes`
    is read of the log at a time: what a drained socket takes. `budgets` bounds what is read for
    sockets that are behind. `on_reset(name)` is told of a stream of which events were passed over,
    `on_lost(stream, first, last)` when wake-ups were lost. `crowd` is all sockets of the node.
    """

    def __init__(
        self,
        cycle: WriteCycle[Socket],
        spawn: Spawn,
        receiver: LayerReceiver,
        on_delivered: Callable[[StoredEvent, int], None],
        on_replayed: Callable[[str, Sequence[StoredEvent]], None],
        on_reset: Callable[[str], None],
        on_lost: OnLost,
        budgets: ReplayBudgets,
        page_bytes: int,
        crowd: Sized,
    ) -> None:
        self.followed: dict[str, FollowedStream] = {}
        self.replayed = on_replayed
        self._cycle = cycle
        read = partial(log.read_many, max_bytes=page_bytes)
        # A socket that is far behind needs one page after the other.
        self.pages = BatchedLoader(read, pace=Rest)
        self.first_pages = BatchedLoader(read)  # of logins: gathered in a storm as these are
        # What all sockets of a stream lack waits behind no replay of a single one.
        self.holes = BatchedLoader(read, pace=Rest)
        self.resets = Resets(cycle, self.followed, on_reset, self.catch_up, crowd)
        self._replay = Replay(self, budgets)
        self._on_delivered = on_delivered
        self._spawn = spawn
        self._receiver = receiver
        self.missing = MissingWakeups(on_lost)
        # Streams whose heads the next look must ask for, changed or not.
        self._unsettled: set[str] = set()

    # -- sockets

    def add(self, name: str, socket: Socket) -> FollowedStream:
        """Let a socket wait for a stream; it receives nothing before `begin`."""
        followed = self.followed.get(name)
        if followed is None:
            followed = self.followed[name] = FollowedStream(name)
            self._join(name)
        followed.wait(socket)
        return followed

    def begin(self, socket: Socket, followed: FollowedStream) -> None:
        """Go live from the socket's place, at once or after what it missed."""
        if socket.connection.places[followed.name] == followed.place:
            self.go_live(socket, followed)
        else:
            socket.spawn(self._replay.run(socket, followed, logs_in=True))

    def filter(self, socket: Socket, types: frozenset[str]) -> None:
        """Send a socket these types from here on; an empty set means everything.

        Events that gathered before are still judged by the old filter.
        """
        self._cycle.fan_out_now()
        if types == socket.connection.subscriptions:
            return
        socket.connection.subscriptions = types or EVERYTHING
        only, now = tuple(sorted(types)), time.monotonic()
        for name, place in socket.connection.places.items():
            changed = Note(kind="filter", stream=name, before=place.offset, types=only)
            socket.connection.note((now, changed))
            followed = self.followed.get(name)
            if followed is not None and followed.is_live(socket):
                followed.go_live(socket)

    def go_live(self, socket: Socket, followed: FollowedStream) -> None:
        """Let a socket that stands at the node's place share it from here on."""
        self._cycle.fan_out_now()  # earlier events of this turn are not for the newcomer
        if followed.is_waiting(socket):  # it may have been closed by what was sent
            followed.go_live(socket)

    def remove(self, name: str, socket: Socket) -> None:
        """Take a socket away, and the stream with its last one."""
        followed = self.followed.get(name)
        if followed is None:
            return
        followed.remove(socket)
        if followed.empty:
            del self.followed[name]
            self._join(name)

    def _join(self, name: str) -> None:
        """Join the layer group of a stream that is followed now, or leave it."""
        self._receiver.join(groups.stream_group(name), IsFollowed(self.followed, name))

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
        """List the sockets that follow a stream, or wait to be let in."""
        found = self.followed.get(name)
        return [] if found is None else found.sockets

    # -- live

    def receive(self, events: Iterable[Sequence[object]]) -> None:
        """Take a wake-up: `[stream, epoch, offset, type, filter_type, payload or None]` each."""
        meters.wakeups_received += 1
        for number, event in enumerate(events):
            meters.wakeups_combined += number > 0
            stream, epoch, offset, kind, filter_type, payload = event
            followed = self.followed.get(stream)  # type: ignore[call-overload]
            if followed is None or not isinstance(offset, int):
                continue
            if not followed.known:
                followed.woken = max(followed.woken, offset)
                continue
            if self.missing.by_stream:
                self.missing.came(followed.name, offset)
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
                self.missing.expect(followed, offset - 1, by_reconcile=False)
                followed.woken = max(followed.woken, offset)
                self._read(followed)

    def _deliver(self, followed: FollowedStream, event: StoredEvent) -> None:
        followed.place.offset = event.offset
        frame = Frame(event.payload.encode(), event.type)
        self._cycle.gather(followed, event, frame, self._fan_out)

    def _fan_out(self, followed: FollowedStream, fresh: list[tuple[StoredEvent, Frame]]) -> None:
        """Write what this turn delivered; a socket that is full goes on from the log."""
        try:
            self._write(followed, fresh)
        except Exception:  # none may go on behind a gap: they resume from the log
            logger.exception("stream %s: writing failed", followed.name)
            for socket in followed.at_place:
                socket.close(CloseCode.RESTART, at_once=True)

    def _write(self, followed: FollowedStream, fresh: list[tuple[StoredEvent, Frame]]) -> None:
        others = self._cycle.write_all(followed, followed.live, [frame for _, frame in fresh])
        at_once = len(followed.live) - len(others)
        others += followed.filtered or ()
        for event, frame in fresh:
            taken = at_once
            still: list[Socket] = []
            for socket in others:
                wanted = socket.connection.wants(event.filter_type)
                if not wanted or socket.offer(frame):
                    taken += wanted
                    still.append(socket)
                else:
                    place = StreamPosition(event.epoch, event.offset - 1)
                    socket.connection.places[event.stream] = place
                    followed.wait(socket)
                    socket.spawn(self._replay.run(socket, followed))
            others = still
            self._on_delivered(event, taken)
        followed.measure(fresh)

    def measure_ack(self, name: str, offset: int) -> None:
        """Measure how long after its storing a sampled event was acknowledged."""
        if offset % ACK_SAMPLE == 0 and (followed := self.followed.get(name)) is not None:
            followed.measure_ack(offset)

    # -- from the log

    def catch_up(self, followed: FollowedStream) -> asyncio.Task[None]:
        """Read what this node has not seen of a stream by now; one read at a time."""
        followed.again = True  # one that is under way may have looked before
        return self._read(followed)

    def _read(self, followed: FollowedStream) -> asyncio.Task[None]:
        if followed.catching_up is None or followed.catching_up.done():
            followed.catching_up = self._spawn(self._catch_up(followed))
        return followed.catching_up

    async def _catch_up(self, followed: FollowedStream) -> None:
        place = followed.place
        try:
            while True:
                before, woken, resets = place.offset, followed.woken, followed.resets
                followed.again = False
                head, events = await self.holes.load((followed.name, before))
                if followed.resets != resets:
                    continue  # for a socket that waited; what was read may be older than that
                page = turn_page(place, before, head, events)
                if page.resync is not None:
                    self.resets.reset(followed, head, page.resync)
                for event in events[page.start : page.stop]:
                    self._deliver(followed, event)
                if followed.again:
                    continue
                if max(head.head, followed.woken) <= place.offset:
                    return
                if place.offset == before and followed.woken == woken:
                    self._unsettled.add(followed.name)
                    return  # a hint that the log does not back: reconcile looks again
        except Exception as error:  # the next reconcile tries again
            self._unsettled.add(followed.name)
            logger.warning("stream %s: catching up failed: %r", followed.name, error)
        finally:
            followed.catching_up = None

    # -- the promise

    def take_unsettled(self) -> set[str]:
        """Return the streams that must be compared at the next look, and forget them."""
        taken, self._unsettled = self._unsettled, set()
        return taken & self.followed.keys()

    def put_back(self, names: set[str]) -> None:
        """Have these compared at the next look, as this one has failed."""
        self._unsettled |= names

    def compare(self, heads: Mapping[str, Head]) -> None:
        """Compare streams with their heads in the log, and catch up where it is ahead.

        A login that is under way may have read its heads before these: compare it next time.
        """
        self._unsettled.update(n for n, followed in self.followed.items() if not followed.known)
        for name, head in heads.items():
            followed = self.followed.get(name)
            if followed is None or not followed.known:
                continue
            if head.epoch != followed.place.epoch or head.head != followed.place.offset:
                if head.epoch == followed.place.epoch:
                    self.missing.expect(followed, head.head, by_reconcile=True)
                self.catch_up(followed)

    def positions(self, socket: Socket) -> dict[str, int]:
        """Say where this node stands in the socket's streams."""
        return {
            name: self.followed[name].place.offset
            for name in socket.connection.places
            if name in self.followed
        }
