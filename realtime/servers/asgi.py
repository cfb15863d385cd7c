"""The Writer for any ASGI server, such as Daphne: calls `send` from a task while frames wait.

The consumer creates it where the server offers no Writer of its own. Frames leave in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from realtime.core.frames import Frame
from realtime.core.transport import Listener
from realtime.protocol.codes import CloseCode

logger = logging.getLogger(__name__)

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class AsgiWriter:
    """Writes through `send`. Create it in the task that serves the socket."""

    needs_pings = False
    heard = True
    deflates = False
    has_left = False  # ASGI does not say
    pipe: Callable[[bytes], None] | None = None

    def __init__(self, send: Send) -> None:
        self.paused = False
        self._send = send
        self._serving = asyncio.current_task()
        self._listener: Listener | None = None
        self._frames: deque[Frame] = deque()
        self._closing: CloseCode | None = None
        self._task: asyncio.Task[None] | None = None

    def take_over(self, listener: Listener) -> None:
        """Tell `listener` when writing must pause and when it may resume."""
        self._listener = listener

    def write(self, frames: Sequence[Frame]) -> None:
        self._frames.extend(frames)
        self._start()

    def ping(self) -> None:
        """Do nothing: the server sends its own pings."""

    def last_ping(self) -> tuple[float | None, float | None]:
        """Know nothing: the server sends its own pings."""
        return None, None

    def resume_reading(self) -> None:
        """Do nothing: the task that serves the socket reads when it is ready."""

    def close(self, code: CloseCode) -> None:
        if self._closing is not None:
            return
        self._closing = code
        self._frames.clear()
        self._start()

    def abort(self) -> None:
        """End the application; on uvicorn, also drop the connection.

        ASGI has no message for it. uvicorn would wait until its client has read everything, so
        a client that never reads would keep the connection for ever.
        """
        for task in (self._task, self._serving):
            if task is not None:
                task.cancel()
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is not None and hasattr(transport, "abort"):  # of asyncio or uvloop
            transport.abort()

    def _start(self) -> None:
        if self._task is None:
            self.paused = True
            if self._listener is not None:
                self._listener.held()
            self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        try:
            while self._frames:
                await self._send({"type": "websocket.send", "text": self._frames.popleft().text})
            if self._closing is not None:
                await close(self._send, self._closing)
        except Exception as error:  # servers raise different errors after a disconnect
            logger.debug("write failed: %r", error)
            self._frames.clear()
        self._task = None
        self.paused = False
        if self._listener is not None:
            self._listener.resumed()


async def close(send: Send, code: CloseCode) -> None:
    """Close with a code; with its private twin above 4000 if the server refuses the code."""
    for attempt in dict.fromkeys((code, code.private)):
        try:
            await send({"type": "websocket.close", "code": int(attempt), "reason": attempt.reason})
            return
        except Exception as error:
            logger.debug("not closed with %d: %r", attempt, error)
