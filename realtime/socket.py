"""One socket on this node: the connection's state, its queue, and when that is written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from realtime.core.connection import Connection
from realtime.core.frames import Frame
from realtime.core.outbound import Outbound
from realtime.core.wheel import Deadline
from realtime.protocol import codec
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.messages import Error, Payload
from realtime.servers import Writer


class Traffic:
    """Counters of a node, shared by all its sockets."""

    __slots__ = ("messages_in", "messages_out", "slow_closed")

    def __init__(self) -> None:
        self.messages_in = 0
        self.messages_out = 0
        self.slow_closed = 0


class Turn:
    """The sockets that have something to write in this turn of the event loop.

    Whatever gathers for a socket within a turn leaves in one write; a lone message
    leaves in the same turn, so that nothing waits for company. Under load turns are
    long, and gather more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.held: dict[Socket, float] = {}  # who may not be written to, and since when
        self._loop = loop
        self._sockets: list[Socket] = []

    def add(self, socket: Socket) -> None:
        """Write what waits for a socket before the loop turns again."""
        if not self._sockets:
            self._loop.call_soon(self._write)
        self._sockets.append(socket)

    def _write(self) -> None:
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            socket.flush()


class Socket(Outbound):
    """Writes to one client, in order, from a queue that is bounded.

    An idle socket has no task and no timer but its deadlines on the hub's wheel.
    All methods belong to the event loop's thread.
    """

    __slots__ = (
        "__weakref__",
        "_drained",
        "_traffic",
        "_turn",
        "close_code",
        "connection",
        "expiry",
        "heartbeat",
        "is_open",
        "login_deadline",
        "opened_at",
        "query",
        "tasks",
        "writer",
    )

    def __init__(
        self,
        connection: Connection,
        writer: Writer,
        turn: Turn,
        traffic: Traffic,
        max_buffer_bytes: int,
    ) -> None:
        # One half may wait here, the other in the writer.
        super().__init__(max_buffer_bytes // 2)
        self.connection = connection
        self.writer = writer
        self.is_open = True
        self.close_code: CloseCode | None = None
        self.expiry: Deadline | None = None
        self.login_deadline: Deadline | None = None
        self.heartbeat: Deadline | None = None
        self.opened_at = time.monotonic()
        self.query: dict[str, str] = {}  # of the handshake, until the login has used it
        self.tasks: set[asyncio.Task[None]] | None = None
        self._turn = turn
        self._traffic = traffic
        self._drained: asyncio.Future[None] | None = None

    # -- queueing

    def begin(self) -> None:
        """Have what begins to wait written in this turn of the loop."""
        self._turn.add(self)

    def reply(
        self, payload: Payload, request_id: str | None = None, room: str | None = None
    ) -> None:
        """Send a message to this socket alone."""
        self.put(Frame(codec.encode(payload, request_id=request_id, room=room)))

    def fail(self, code: ErrorCode, message: str, request_id: str | None = None) -> None:
        """Send an `error`."""
        self.reply(Error(code=code.wire, message=message, retryable=code.retryable), request_id)

    def close(self, code: CloseCode, *, at_once: bool = False) -> None:
        """Close after what waits has been written, or without it."""
        if not self.is_open or self.close_code is not None:
            return
        self.close_code = code
        self.refuse()
        if at_once:
            self.take()
            self.writer.close(code)
        elif not self:
            self._turn.add(self)

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
            self._traffic.messages_out += len(frames)
            self.writer.write(frames)
        if not self.writer.paused:
            if self.close_code is not None:
                self.writer.close(self.close_code)
            self._release()

    def held(self) -> None:
        """Hear from the writer that nothing more may be written for now."""
        self._turn.held[self] = time.monotonic()

    def resumed(self) -> None:
        """Hear from the writer that it may go on."""
        self._turn.held.pop(self, None)
        self.flush()

    # -- lifetime

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run work for this socket that ends with it."""
        task = asyncio.get_running_loop().create_task(work)
        if self.tasks is None:
            self.tasks = set()
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def expire(self) -> None:
        """Close because the login has run out; nothing is sent after that."""
        self.close(CloseCode.UNAUTHORIZED, at_once=True)

    def gone(self) -> None:
        """Forget everything that waits: the client has left. Idempotent."""
        self.is_open = False
        self.refuse()
        self.take()
        self._turn.held.pop(self, None)
        for deadline in (self.expiry, self.login_deadline, self.heartbeat):
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
