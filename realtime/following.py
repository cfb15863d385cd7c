"""The streams that this node follows: fan-out, catching up, and reconciling.

All sockets that are live on a stream stand at the node's own position in it. One that
has to catch up reads pages of the log until it stands there too, and then goes live
in the same step of the event loop, so nothing can slip in between.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

from realtime import db, log
from realtime.core.outbound import Frame
from realtime.core.resume import Reason, join_epochs
from realtime.log import Entry, Head
from realtime.protocol.messages import Position, ResyncRequired
from realtime.socket import Socket

logger = logging.getLogger(__name__)

SNAPSHOT_PATH = "/api/v1/snapshot"


class Followed:
    """One stream: where this node stands in it, and who follows."""

    __slots__ = ("catching_up", "epoch", "live", "name", "position", "waiting", "woken")

    def __init__(self, name: str) -> None:
        self.name = name
        self.epoch = ""
        self.position = -1  # not known yet
        self.woken = 0  # the highest offset heard of before the position was known
        self.live: set[Socket] = set()
        self.waiting: set[Socket] = set()
        self.catching_up: asyncio.Task[None] | None = None

    @property
    def known(self) -> bool:
        return self.position >= 0


class Following:
    """All streams of this node.

    `on_delivered(entry, sockets)` is told of each event and how many sockets it was
    written to at once, `on_replayed(entry)` of each that a socket got late.
    """

    def __init__(
        self,
        on_delivered: Callable[[Entry, int], None],
        on_replayed: Callable[[Entry], None],
    ) -> None:
        self.streams: dict[str, Followed] = {}
        self._on_delivered = on_delivered
        self._on_replayed = on_replayed
        self._tasks: set[asyncio.Task[None]] = set()

    # -- who follows

    def add(self, name: str, socket: Socket) -> Followed:
        """Let a socket wait for a stream; it receives nothing before `replay`."""
        followed = self.streams.get(name)
        if followed is None:
            followed = self.streams[name] = Followed(name)
        followed.waiting.add(socket)
        return followed

    def remove(self, name: str, socket: Socket) -> bool:
        """Take a socket away; True when nobody follows the stream any more."""
        followed = self.streams.get(name)
        if followed is None:
            return False
        followed.live.discard(socket)
        followed.waiting.discard(socket)
        if followed.live or followed.waiting:
            return False
        del self.streams[name]
        return True

    def learn(self, name: str, head: Head) -> None:
        """Take over where a stream stands, read after its layer group was joined."""
        followed = self.streams.get(name)
        if followed is None:
            return
        if not followed.known:
            followed.epoch, followed.position = head.epoch, head.head
        if max(followed.woken, head.head) > followed.position:
            self.catch_up(followed)

    # -- live

    def hear(self, events: Iterable[Sequence[object]]) -> None:
        """Take a wake-up: `[stream, epoch, offset, type, topic, payload or None]` each."""
        for event in events:
            stream, epoch, offset, kind, topic, payload = event
            followed = self.streams.get(stream)  # type: ignore[call-overload]
            if followed is None or not isinstance(offset, int):
                continue
            if not followed.known:
                followed.woken = max(followed.woken, offset)
            elif epoch != followed.epoch:
                self.catch_up(followed)  # the log knows whether the epoch changed or the hint lies
            elif offset == followed.position + 1 and isinstance(payload, str):
                self._deliver(
                    followed,
                    Entry(followed.name, followed.epoch, offset, str(kind), str(topic), payload),
                )
            elif offset > followed.position:
                self.catch_up(followed)

    def _deliver(self, followed: Followed, entry: Entry) -> None:
        followed.position = entry.offset
        frame = Frame(entry.payload.encode())
        name, offset, topic = entry.stream, entry.offset, entry.topic
        full: list[Socket] = []
        written = 0
        for socket in followed.live:
            connection = socket.connection
            if connection.subscriptions and not connection.wants(topic):
                connection.positions[name] = offset
            elif socket.offer(frame):
                connection.positions[name] = offset
                written += 1
            else:
                full.append(socket)
        for socket in full:
            followed.live.discard(socket)
            followed.waiting.add(socket)
            socket.spawn(self.replay(socket, followed))
        self._on_delivered(entry, written)

    # -- from the log

    def catch_up(self, followed: Followed) -> asyncio.Task[None]:
        """Read what this node has not seen of a stream; one read at a time."""
        if followed.catching_up is None or followed.catching_up.done():
            task = asyncio.ensure_future(self._catch_up(followed))
            followed.catching_up = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return followed.catching_up

    async def _catch_up(self, followed: Followed) -> None:
        try:
            while True:
                before = followed.position
                head, entries = await db.run(log.read_after, followed.name, before)
                if head.epoch != followed.epoch:
                    self._reset(followed, head, "epoch")
                    return
                if head.head < before and head.head < followed.position:
                    self._reset(followed, head, "ahead")
                    return
                for entry in entries:
                    if entry.offset == followed.position + 1:
                        self._deliver(followed, entry)
                    elif entry.offset > followed.position:
                        self._reset(followed, head, "trimmed")
                        return
                if len(entries) < log.PAGE:
                    return
        except Exception as error:  # the next reconcile tries again
            logger.warning("stream %s: catching up failed: %r", followed.name, error)

    def _reset(self, followed: Followed, head: Head, reason: Reason) -> None:
        """Go on from the head, and tell everybody who was live that the past is gone."""
        logger.warning("stream %s: resynchronised (%s)", followed.name, reason)
        followed.epoch, followed.position = head.epoch, head.head
        for socket in followed.live:
            self.resync(socket, followed, reason)

    def resync(self, socket: Socket, followed: Followed, reason: Reason) -> None:
        """Put a socket at the node's position, and tell its client."""
        connection = socket.connection
        connection.positions[followed.name] = followed.position
        connection.epochs[followed.name] = followed.epoch
        socket.reply(
            ResyncRequired(
                stream=followed.name,
                reason=reason,
                position=Position(offset=followed.position, epoch=followed.epoch),
                epoch=join_epochs(list(connection.epochs.values())),
                snapshot=SNAPSHOT_PATH,
            )
        )

    async def replay(self, socket: Socket, followed: Followed) -> None:
        """Send a waiting socket what it missed, page by page, then let it go live."""
        connection, name = socket.connection, followed.name
        while socket.is_open and socket in followed.waiting:
            position = connection.positions[name]
            if connection.epochs[name] != followed.epoch:
                self.resync(socket, followed, "epoch")
                continue
            if position == followed.position:
                followed.waiting.discard(socket)
                followed.live.add(socket)
                return
            if position > followed.position:  # it read the log ahead of this node
                await self.catch_up(followed)
                if position > followed.position:
                    await asyncio.sleep(0.5)  # the log could not be read; do not spin
                continue
            await socket.drained()
            try:
                head, entries = await db.run(log.read_after, name, position)
            except Exception as error:  # a database that is away must not end the socket
                logger.warning("connection %s: replay failed: %r", connection.id, error)
                await asyncio.sleep(0.5)
                continue
            if head.epoch != followed.epoch:
                self._reset(followed, head, "epoch")
                continue
            if position < head.floor or (entries and entries[0].offset != position + 1):
                self.resync(socket, followed, "trimmed")
                continue
            if not entries:
                await self.catch_up(followed)
            self._send_page(socket, followed, entries)

    def _send_page(self, socket: Socket, followed: Followed, entries: Sequence[Entry]) -> None:
        connection, name = socket.connection, followed.name
        for entry in entries:
            if connection.wants(entry.topic):
                if not socket.offer(Frame(entry.payload.encode())):
                    return
                self._on_replayed(entry)
            connection.positions[name] = entry.offset

    # -- the promise

    async def reconcile(self) -> None:
        """Compare every stream with the log in one read, and catch up where it is ahead."""
        known = [name for name, followed in self.streams.items() if followed.known]
        if not known:
            return
        found = await db.run(log.heads, known)
        for name, head in found.items():
            followed = self.streams.get(name)
            if followed is None or not followed.known:
                continue
            if head.epoch != followed.epoch or head.head != followed.position:
                self.catch_up(followed)

    def positions(self, socket: Socket) -> dict[str, int]:
        """Say where this node stands in the socket's streams."""
        return {
            name: self.streams[name].position
            for name in socket.connection.positions
            if name in self.streams
        }
