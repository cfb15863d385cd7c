"""One socket on this node: the connection's state, its queue, and the writing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Any, NamedTuple

from msgspec import UNSET

from realtime.core.frames import Frame
from realtime.core.limits import network_of
from realtime.core.outbound import Outbound
from realtime.core.state import ConnectionState
from realtime.core.transport import Writer
from realtime.core.wheel import Deadline
from realtime.hub.writes import WriteCycle
from realtime.meters import meters
from realtime.protocol import codec
from realtime.protocol.answers import Error
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.messages import Payload


class Peer(NamedTuple):
    """The address of a client, and the name that its program gives itself."""

    address: str
    client: str

    @property
    def network(self) -> str:
        """Return the network that limits per address count it in."""
        return network_of(self.address)


NOBODY = Peer("", "")


@dataclass(slots=True, weakref_slot=True, eq=False, repr=False)
class Socket(Outbound):
    """Writes to one client, in order, from a queue that is bounded.

    An idle socket has no task and no timer but its deadlines on the hub's wheel.
    All methods belong to the event loop's thread.
    """

    connection: ConnectionState
    writer: Writer
    _cycle: WriteCycle[Socket]
    max_buffer_bytes: InitVar[int]
    peer: Peer = NOBODY
    is_open: bool = True
    is_anonymous: bool = True
    is_greeted: bool = False  # its login is done
    close_code: CloseCode | None = None
    expiry: Deadline | None = None  # of the login or of its absence, or the warning before it
    lifetime: Deadline | None = None
    heartbeat: Deadline | None = None
    opened_at: float = field(init=False)
    # Of the handshake, until the login has used it.
    query: Mapping[str, str] | None = None
    tasks: set[asyncio.Task[Any]] | None = None
    # Takes finished bytes at once; None while something waits or may not be written.
    pipe: Callable[[bytes], None] | None = None
    holding: bool = False  # of the queue: what waits may not leave for now
    # Messages and their bytes. Its share of an audience's messages counts there while it is in one.
    messages_out: int = 0
    bytes_out: int = 0
    messages_in: int = 0
    bytes_in: int = 0
    unwritten: int = 0  # bytes that a close threw away
    _drained: asyncio.Future[None] | None = None

    def __post_init__(self, max_buffer_bytes: int) -> None:
        # One half may wait here, the other in the writer.
        Outbound.__init__(self, max_buffer_bytes // 2)
        self.opened_at = time.monotonic()

    # -- queueing

    def begin(self) -> None:
        """Have what begins to wait written in this turn of the loop."""
        self.pipe = None
        self._cycle.add(self)

    def put(self, frame: Frame) -> None:
        """Queue an answer behind the frames that gathered in this turn."""
        self._cycle.fan_out_now()
        Outbound.put(self, frame)  # `super()` names the class that `dataclass` made slots for

    def reply(
        self, payload: Payload, request_id: str | None = None, room: str | None = None
    ) -> None:
        """Send a message to this socket alone."""
        data = codec.encode(payload, request_id=request_id, room=room)
        self.put(Frame(data, payload.wire_type))

    def fail(
        self,
        code: ErrorCode,
        message: str,
        request_id: str | None = None,
        rooms: Sequence[str] = (),
    ) -> None:
        """Send an `error`, one for all the rooms that it is about."""
        meters.errors_sent[code.wire] += 1
        self.reply(
            Error(
                code=code.wire,
                message=message,
                retryable=code.retryable,
                rooms=list(rooms) or UNSET,
            ),
            request_id,
        )

    def close(self, code: CloseCode, *, at_once: bool = False) -> None:
        """Close after what waits has been written, or without it."""
        self._cycle.fan_out_now()
        if not self.is_open or self.close_code is not None:
            return
        self.close_code = code
        self.pipe = None
        self.refuse()
        if at_once:
            self.unwritten = self.size
            self.take()
            self.writer.close(code)
        elif not self:
            self._cycle.add(self)

    async def drained(self) -> None:
        """Wait until nothing waits to be written, or the socket has gone."""
        if not self.is_open or not (self or self.writer.paused):
            return
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._drained)

    # -- writing

    def flush(self) -> None:
        """Write all that waits, unless the client reads too slowly to take it."""
        if self.writer.paused or not self.is_open:
            return
        if self:
            frames = self.take()
            self._count(frames)
            self.writer.write(frames)
        if not self.writer.paused:
            if self.close_code is None:
                self.pipe = self.writer.pipe
            else:
                self.writer.close(self.close_code)
            self._release()

    def _count(self, frames: Sequence[Frame]) -> None:
        sent = meters.messages_sent
        size = 0
        deflates = self.writer.deflates
        for frame in frames:
            sent[frame.kind] += 1
            size += len(frame.deflated) if deflates else frame.size
        meters.bytes_sent += size
        self.messages_out += len(frames)
        self.bytes_out += size

    def held(self) -> None:
        """Stop writing until the writer can take more.

        A socket that is gone is not held: the sweep would find it for ever.
        """
        if not self.is_open:
            return
        self.holding = True
        self.pipe = None
        self._cycle.held[self] = time.monotonic()

    def resumed(self) -> None:
        """Go on writing: the writer takes more again."""
        self.holding = False
        self._cycle.held.pop(self, None)
        self.flush()

    # -- lifetime

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run work for this socket that ends with it."""
        task = asyncio.get_running_loop().create_task(work)
        if self.tasks is None:
            self.tasks = set()
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """Forget a task that is over; an idle socket keeps not even the set."""
        if self.tasks is not None:
            self.tasks.discard(task)
            self.tasks = self.tasks or None

    def expire(self) -> None:
        """Close because the login has run out; nothing is sent after that."""
        self.close(CloseCode.UNAUTHORIZED, at_once=True)

    def gone(self) -> None:
        """Forget everything that waits: the client has left. Idempotent."""
        self.is_open = False
        self.pipe = None
        self.refuse()
        self.take()
        self._cycle.held.pop(self, None)
        for deadline in (self.expiry, self.lifetime, self.heartbeat):
            if deadline is not None:
                deadline.cancel()
        for task in list(self.tasks or ()):
            if task is not asyncio.current_task():
                task.cancel()
        self._release()

    def _release(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None
