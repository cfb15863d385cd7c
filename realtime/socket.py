"""One socket on this node: the connection's state, its queue, and the writing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from realtime.core.connection import Connection
from realtime.core.outbound import Frame, Outbound
from realtime.core.wheel import Deadline
from realtime.protocol import codec
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.messages import Error, Payload

logger = logging.getLogger(__name__)

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Traffic:
    """Counters of a node, shared by all its sockets."""

    __slots__ = ("messages_in", "messages_out", "slow_closed")

    def __init__(self) -> None:
        self.messages_in = 0
        self.messages_out = 0
        self.slow_closed = 0


class Socket:
    """Writes to one client, in order, from a queue that is bounded.

    An idle socket has no task: one runs only while something waits to be written.
    All methods belong to the event loop's thread.
    """

    __slots__ = (
        "_drained",
        "_send",
        "_task",
        "_traffic",
        "close_code",
        "connection",
        "expiry",
        "is_open",
        "login_deadline",
        "main_task",
        "opened_at",
        "outbound",
        "tasks",
        "writing_since",
        "__weakref__",
    )

    def __init__(
        self, connection: Connection, send: Send, traffic: Traffic, max_buffer_bytes: int
    ) -> None:
        self.connection = connection
        self.outbound = Outbound(max_buffer_bytes)
        self.is_open = True
        self.close_code: CloseCode | None = None
        self.expiry: Deadline | None = None
        self.login_deadline: Deadline | None = None
        self.opened_at = time.monotonic()
        self.writing_since: float | None = None
        self.main_task = asyncio.current_task()
        self.tasks: set[asyncio.Task[None]] = set()
        self._send = send
        self._traffic = traffic
        self._task: asyncio.Task[None] | None = None
        self._drained: asyncio.Future[None] | None = None

    # -- queueing

    def put(self, frame: Frame) -> None:
        """Send a message that must go out whatever waits."""
        if self.is_open and self.close_code is None:
            self.outbound.put(frame)
            self._kick()

    def offer(self, frame: Frame) -> bool:
        """Send an event of the log; False when too much waits, and it was not taken."""
        if not self.is_open or self.close_code is not None:
            return True  # nobody will read it: taken, as far as the caller is concerned
        if not self.outbound.offer(frame):
            return False
        self._kick()
        return True

    def put_newest(self, key: str, frame: Frame) -> None:
        """Send a value of which only the newest per key matters."""
        if self.is_open and self.close_code is None:
            self.outbound.put_newest(key, frame)
            self._kick()

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
        if at_once:
            self.outbound.clear()
        self._kick()

    async def drained(self) -> None:
        """Wait until nothing waits to be written, or the socket has gone."""
        if not self.outbound or not self.is_open:
            return
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._drained)

    # -- lifetime

    def spawn(self, work: Awaitable[None]) -> None:
        """Run work for this socket that ends with it."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def abort(self) -> None:
        """End a socket whose client does not even read the close frame."""
        if self.is_open and self.main_task is not None:
            self.gone()
            self.main_task.cancel()

    def gone(self) -> None:
        """Forget everything that waits: the client has left. Idempotent."""
        self.is_open = False
        self.outbound.clear()
        for deadline in (self.expiry, self.login_deadline):
            if deadline is not None:
                deadline.cancel()
        for task in (self._task, *self.tasks):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        self._release()

    # -- writing

    def _kick(self) -> None:
        if self._task is None:
            self._task = asyncio.ensure_future(self._write())

    async def _write(self) -> None:
        try:
            while (frame := self.outbound.pop()) is not None:
                self.writing_since = time.monotonic()
                await self._send({"type": "websocket.send", "text": frame.text})
                self._traffic.messages_out += 1
            if self.close_code is not None:
                self.writing_since = time.monotonic()
                await self._send(
                    {
                        "type": "websocket.close",
                        "code": int(self.close_code),
                        "reason": self.close_code.reason,
                    }
                )
                self.is_open = False
        except Exception as error:  # servers disagree on what writing to the gone raises
            logger.debug("connection %s: write failed: %r", self.connection.id, error)
            self.is_open = False
        finally:
            self._task = None
            self.writing_since = None
            self._release()
        if self.outbound and self.is_open:
            self._kick()

    def _release(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None
