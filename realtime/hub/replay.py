"""Sends a socket what it missed: pages of the log, until it stands at its node's place.

A client may ask for all that retention keeps, at each of its logins. Beyond the budgets of
its user and its address a replay waits for its next page: it takes longer, and leaves
nothing out.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Protocol

from realtime.core.continuity import Head, StreamPosition, turn_page
from realtime.core.frames import Frame
from realtime.core.limits import Buckets
from realtime.db.batch import BatchedLoader
from realtime.hub.followed import FollowedStream
from realtime.hub.resets import Resets, resync
from realtime.hub.socket import Socket
from realtime.log import StoredEvent
from realtime.meters import meters
from realtime.streams import stream_user

logger = logging.getLogger(__name__)

# Burst of reads: a device that is behind by all of retention does not wait.
BURST_SECONDS = 10.0

# Pages of a shared stream are kept for other sockets: for this long, and at most this many.
KEPT_SECONDS = 1.0
KEPT_PAGES = 32

LogPages = BatchedLoader[tuple[str, int], tuple[Head, list[StoredEvent]]]


class Page:
    """A page as it was read, and the frames of its events, each made once it is wanted."""

    __slots__ = ("_frames", "events", "head")

    def __init__(self, head: Head, events: list[StoredEvent]) -> None:
        self.head = head
        self.events = events
        self._frames: list[Frame | None] = [None] * len(events)

    def frame(self, number: int) -> Frame:
        """Return the frame of one event."""
        frame = self._frames[number]
        if frame is None:
            event = self.events[number]
            frame = self._frames[number] = Frame(event.payload.encode(), event.type)
        return frame


class ReplayBudgets:
    """Limits of what a node reads for sockets that are behind, in events a second."""

    def __init__(self, per_user: float, per_address: float) -> None:
        self._users = Buckets(per_user, per_user * BURST_SECONDS)
        self._networks = Buckets(per_address, per_address * BURST_SECONDS)

    def wait(self, socket: Socket) -> float:
        """Return the seconds until neither the user nor the address of a socket owes anything."""
        now = asyncio.get_running_loop().time()
        return max(
            self._users.wait(socket.connection.user_id, now),
            self._networks.wait(socket.peer.network, now),
        )

    def charge(self, socket: Socket, events: int) -> None:
        """Count the events of a page, and an empty one as one event."""
        now = asyncio.get_running_loop().time()
        self._users.charge(socket.connection.user_id, max(1, events), now)
        self._networks.charge(socket.peer.network, max(1, events), now)


class Streams(Protocol):
    """The part of the node's streams that a replay uses."""

    pages: LogPages
    first_pages: LogPages  # of sockets that have just logged in
    resets: Resets

    def go_live(self, socket: Socket, followed: FollowedStream) -> None:
        """Let a socket that stands at the node's place share it."""

    def catch_up(self, followed: FollowedStream) -> asyncio.Task[None]:
        """Read what this node has not seen of a stream by now."""

    def replayed(self, stream: str, events: Sequence[StoredEvent]) -> None:
        """Count events of a stream that a socket got late."""


class Replay:
    """Replays for the sockets of a node, within its budgets."""

    def __init__(self, streams: Streams, budgets: ReplayBudgets) -> None:
        self._streams = streams
        self._budgets = budgets
        # By stream, epoch and place in it, and how often the stream was put at another place.
        self._kept: dict[tuple[FollowedStream, str, int, int], Page] = {}

    async def run(self, socket: Socket, followed: FollowedStream, *, logs_in: bool = False) -> None:
        """Send a waiting socket what it missed, page by page, then let it go live.

        One that logs in shares the query of its first page with others that do, for longer.
        """
        sent = 0
        pages = self._streams.first_pages if logs_in else self._streams.pages
        try:
            while socket.is_open and followed.is_waiting(socket):
                try:
                    sent += await self._page(socket, followed, pages)
                    pages = self._streams.pages
                except Exception as error:  # a database that is away must not end the socket
                    key = socket.connection.id
                    named = {"connection_id": key, "stream": followed.name}
                    logger.warning("connection %s: replay failed: %r", key, error, extra=named)
                    await asyncio.sleep(random.uniform(0.2, 1.0))  # apart from the others
        finally:
            if sent:
                meters.replayed_events.observe(sent)

    async def _page(self, socket: Socket, followed: FollowedStream, pages: LogPages) -> int:
        """Send one page of what a socket missed; return how many events it was."""
        place, node = socket.connection.places[followed.name], followed.place
        if place == node:
            self._streams.go_live(socket, followed)
            return 0
        await socket.drained()
        if (seconds := self._budgets.wait(socket)) > 0:
            await asyncio.sleep(seconds)
            return 0  # and look again: others have read meanwhile
        before, resets = place.offset, followed.resets
        read = await self._read(followed, place.epoch, before, pages)
        head, events = read.head, read.events
        self._budgets.charge(socket, len(events))
        if socket.connection.places[followed.name] is not place:
            return 0  # resynchronised meanwhile
        if followed.resets != resets:
            return 0  # by a read of its own; what was read here may be older than that
        if head.epoch != node.epoch:
            self._streams.resets.reset(followed, head, "epoch")
            return 0  # the page does not continue what this socket has
        if head.epoch != place.epoch:
            resync(socket, followed.name, node, "epoch")
            return 0
        page = turn_page(place, before, head, events)
        if page.resync is None:
            if not events or before > node.offset:
                # Shared by all that wait: a socket that leaves must not end it for the others.
                await asyncio.shield(self._streams.catch_up(followed))
            return self._send(
                socket, followed, place, read, range(len(events))[page.start : page.stop]
            )
        if page.resync == "ahead":
            self._streams.resets.reset(followed, head, "ahead")
        resync(socket, followed.name, node, page.resync)
        return 0

    async def _read(
        self, followed: FollowedStream, epoch: str, before: int, pages: LogPages
    ) -> Page:
        """Read a page. In a storm thousands of sockets lack the same ones of a shared stream.

        Such a page is kept if it is full and of the reader's epoch, until the stream is put at
        another place.
        """
        key = (followed, epoch, before, followed.resets)
        if (kept := self._kept.get(key)) is not None:
            await asyncio.sleep(0)  # others have their turn
            return kept
        page = Page(*await pages.load((followed.name, before)))
        if stream_user(followed.name) is not None or not page.events or page.head.epoch != epoch:
            return page
        if page.events[-1].offset < page.head.head and len(self._kept) < KEPT_PAGES:
            if key not in self._kept:
                self._kept[key] = page
                asyncio.get_running_loop().call_later(KEPT_SECONDS, self._kept.pop, key, None)
            return self._kept[key]
        return page

    def _send(
        self,
        socket: Socket,
        followed: FollowedStream,
        place: StreamPosition,
        page: Page,
        numbers: range,
    ) -> int:
        connection = socket.connection
        if connection.places[followed.name] is not place:
            return 0  # resynchronised meanwhile
        sent = []
        for number in numbers:
            event = page.events[number]
            if connection.wants(event.filter_type):
                if not socket.offer(page.frame(number)):
                    break
                sent.append(event)
            place.offset = event.offset
        self._streams.replayed(followed.name, sent)
        return len(sent)
