"""The write cycle: frames that gather in one turn of the event loop leave in one write.

Everything that writes to sockets goes through the node's one `WriteCycle`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from realtime.core.frames import Frame
from realtime.core.transport import Writer
from realtime.meters import meters

logger = logging.getLogger(__name__)

# After a turn the next one waits as long as that took, but no longer than this: what arrives
# meanwhile leaves together. A longer rest costs less CPU, and each message waits for it.
MAX_REST_SECONDS = 0.0005
# What is written to an audience in one piece. Between two pieces a socket may say that
# it cannot take more; so this bounds what one that does not read has to be kept for.
MAX_PIECE_BYTES = 32 * 1024


# Runs work that ends with the hub.
Spawn = Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]


class Writable(Protocol):
    """The part of a socket that a write cycle uses."""

    writer: Writer
    # Takes finished bytes at once; None while something waits or may not be written.
    pipe: Callable[[bytes], None] | None
    messages_out: int
    bytes_out: int

    def flush(self) -> None:
        """Write all that waits, unless the client reads too slowly to take it."""


T = TypeVar("T")
W = TypeVar("W", bound=Writable)
A = TypeVar("A", bound="Audience[Any]")


@dataclass(slots=True, eq=False, repr=False)
class Audience(Generic[T]):
    """The sockets that are sent the same frames, and the frames that gathered in this turn.

    It counts what was written to all of them, so that a write counts nothing for each socket:
    a socket takes these counts off its own when it comes, and adds them when it leaves.
    """

    messages: int = field(default=0, init=False)
    plain_bytes: int = field(default=0, init=False)
    deflated_bytes: int = field(default=0, init=False)
    _fresh: list[tuple[T, Frame]] | None = field(default=None, init=False)
    _fresh_bytes: int = field(default=0, init=False)

    def came(self, socket: Writable) -> None:
        """Begin to count for a socket."""
        socket.messages_out -= self.messages
        socket.bytes_out -= self.deflated_bytes if socket.writer.deflates else self.plain_bytes

    def left(self, socket: Writable) -> None:
        """Give a socket what was written to all while it was here."""
        socket.messages_out += self.messages
        socket.bytes_out += self.deflated_bytes if socket.writer.deflates else self.plain_bytes


class WriteCycle(Generic[W]):
    """Collect what is to be written in this turn of the loop, for all sockets of a node.

    A message that comes alone leaves in the turn in which it came. `held` maps the sockets
    that may not be written to now to the monotonic time since when.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.held: dict[W, float] = {}
        self._loop = loop
        self._sockets: list[W] = []
        self._waiting: list[Callable[[], None]] = []
        self._scheduled = False
        self._began = 0.0
        self._not_before = 0.0

    def add(self, socket: W) -> None:
        """Flush a socket at the end of this turn."""
        self._sockets.append(socket)
        self._schedule()

    def gather(
        self,
        audience: A,
        item: T,
        frame: Frame,
        write: Callable[[A, list[tuple[T, Frame]]], None],
    ) -> None:
        """Have `write` send a frame to an audience with what else gathers for it in this turn.

        It is called at the end of the turn, or as soon as MAX_PIECE_BYTES have gathered.
        """
        if audience._fresh is None:
            audience._fresh = []
            self.fan_out_later(partial(self._fan_out, audience, write))
        audience._fresh.append((item, frame))
        audience._fresh_bytes += frame.size
        if audience._fresh_bytes >= MAX_PIECE_BYTES:
            self._fan_out(audience, write)

    def _fan_out(self, audience: A, write: Callable[[A, list[tuple[Any, Frame]]], None]) -> None:
        fresh, audience._fresh = audience._fresh, None
        audience._fresh_bytes = 0
        if fresh is not None:  # it has not left in pieces already
            write(audience, fresh)

    def fan_out_later(self, fan_out: Callable[[], None]) -> None:
        """Call `fan_out`, which writes to an audience, at the end of this turn."""
        self._waiting.append(fan_out)
        self._schedule()

    def fan_out_now(self) -> None:
        """Send the frames that gathered, so that a frame that is queued next comes behind them.

        This may close any socket, or make any socket that is live on a stream wait: check a
        socket's state after the call, not before it.
        """
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for fan_out in waiting:
                try:
                    fan_out()
                except Exception:  # of a room: what comes next replaces it
                    logger.exception("a turn's messages were not written")

    def write_all(
        self, audience: Audience[Any], sockets: Iterable[W], frames: Sequence[Frame]
    ) -> list[W]:
        """Write frames to all sockets that can take them now, and return the others.

        The sockets are those that the audience counts for.
        """
        plain = b"".join([frame.wire for frame in frames])
        deflated: bytes | None = None
        others: list[W] = []
        written = written_deflated = 0
        for socket in sockets:
            pipe = socket.pipe
            if pipe is None:
                others.append(socket)
                continue
            written += 1
            try:
                if socket.writer.deflates:
                    if deflated is None:
                        deflated = b"".join([frame.deflated for frame in frames])
                    written_deflated += 1
                    pipe(deflated)
                else:
                    pipe(plain)
            except Exception:  # it broke a moment ago: no other client waits for that
                socket.writer.abort()
        count, size = len(frames), len(plain)
        deflated_size = 0 if deflated is None else len(deflated)
        audience.messages += count
        audience.plain_bytes += size
        audience.deflated_bytes += deflated_size
        for socket in others:  # which were written nothing
            socket.messages_out -= count
            socket.bytes_out -= deflated_size if socket.writer.deflates else size
        for frame in frames:
            meters.messages_sent[frame.kind] += written
        meters.bytes_sent += size * (written - written_deflated) + deflated_size * written_deflated
        return others

    def _schedule(self) -> None:
        if self._scheduled:
            return
        self._scheduled = True
        rest = self._not_before - time.monotonic()
        if rest > 0:
            self._loop.call_later(rest, self._write)
        else:
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        self._began = time.monotonic()
        self.fan_out_now()
        sockets, self._sockets = self._sockets, []
        self._scheduled = False
        for socket in sockets:
            try:
                socket.flush()
            except Exception:
                logger.exception("a socket could not be written to")
                socket.writer.abort()
        self._loop.call_soon(self._written)

    def _written(self) -> None:
        """Note how long it took: the loop has handed everything to the kernel by now."""
        now = time.monotonic()
        took = now - self._began
        meters.turn_seconds.observe(took)
        self._not_before = now + min(took, MAX_REST_SECONDS)
