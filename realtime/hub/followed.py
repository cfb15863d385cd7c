"""One stream that this node follows: the node's position in it, and the sockets on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from realtime.core.continuity import StreamPosition
from realtime.core.frames import Frame
from realtime.hub.socket import Socket
from realtime.hub.writes import Audience
from realtime.log import StoredEvent
from realtime.meters import meters
from realtime.protocol import codec

ACK_SAMPLE = 16  # measure the time until the acknowledgement of one event in so many


@dataclass(slots=True, eq=False, repr=False)
class FollowedStream(Audience[StoredEvent]):
    """The sockets of one stream, by how far they are.

    `live` and `filtered` stand at the node's own place; the filtered ones have set a
    subscription. `waiting` are behind, or not let in yet. Sets that are empty are None, as
    most of the streams of a node belong to one user.
    """

    name: str
    place: StreamPosition = field(default_factory=lambda: StreamPosition("", -1))  # not known yet
    resets: int = 0  # times that it was put at another place
    # The highest offset that a wake-up named and that was not delivered.
    woken: int = 0
    live: set[Socket] = field(default_factory=set)
    filtered: set[Socket] | None = None
    waiting: set[Socket] | None = None
    catching_up: asyncio.Task[None] | None = None
    again: bool = False  # read the log once more: the read under way may have begun too early
    # The last event of which the time until its acknowledgement is measured: offset and time.
    sampled: tuple[int, float] | None = None

    @property
    def known(self) -> bool:
        return self.place.offset >= 0

    @property
    def empty(self) -> bool:
        return not (self.live or self.filtered or self.waiting)

    @property
    def at_place(self) -> list[Socket]:
        """List the sockets that share the node's place."""
        return [*self.live, *(self.filtered or ())]

    @property
    def sockets(self) -> list[Socket]:
        """List all sockets, also those that are not let in yet."""
        return [*self.at_place, *(self.waiting or ())]

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
            self.came(socket)
        else:
            if self.filtered is None:
                self.filtered = set()
            self.filtered.add(socket)

    def is_live(self, socket: Socket) -> bool:
        return socket in self.live or (self.filtered is not None and socket in self.filtered)

    def is_waiting(self, socket: Socket) -> bool:
        return self.waiting is not None and socket in self.waiting

    def remove(self, socket: Socket) -> None:
        if socket in self.live:
            self.live.remove(socket)
            self.left(socket)
        if self.filtered is not None:
            self.filtered.discard(socket)
            self.filtered = self.filtered or None
        if self.waiting is not None:
            self.waiting.discard(socket)
            self.waiting = self.waiting or None

    def measure(self, fresh: Sequence[tuple[StoredEvent, Frame]]) -> None:
        """Measure how long ago the events were stored, by the clock of the database."""
        now, durable = time.time(), meters.delivery_seconds["durable"]
        for event, _ in fresh:
            stored_at = codec.sent_at(event.payload)
            if stored_at is None:
                continue
            durable.observe(max(0.0, now - stored_at))
            if event.offset % ACK_SAMPLE == 0:
                self.sampled = (event.offset, stored_at)

    def measure_ack(self, offset: int) -> None:
        """Measure how long after its storing a sampled event was acknowledged."""
        if self.sampled is not None and self.sampled[0] == offset:
            meters.acked_seconds.observe(max(0.0, time.time() - self.sampled[1]))


class IsFollowed:
    """Say whether a stream is followed now; kept for each stream, so it is small."""

    __slots__ = ("_followed", "_name")

    def __init__(self, followed: Mapping[str, FollowedStream], name: str) -> None:
        self._followed = followed
        self._name = name

    def __call__(self) -> bool:
        return self._name in self._followed
