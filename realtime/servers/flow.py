"""Parts of an HTTP connection: unparsed bytes, pausing of reads, the transport of answers.

Used by `realtime.servers.http` and `closing` only. No part decides anything by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.flow_control import FlowControl


class Unread:
    """Bytes that were received and are not parsed yet."""

    def __init__(self) -> None:
        self._data = memoryview(b"")

    def __bool__(self) -> bool:
        return len(self._data) > 0

    def put(self, data: bytes) -> None:
        """Append bytes."""
        self._data = memoryview(b"".join((self._data, data)) if self._data else data)

    def take(self, size: int) -> memoryview:
        """Remove up to `size` bytes from the beginning."""
        piece, self._data = self._data[:size], self._data[size:]
        return piece

    def put_back(self, data: memoryview) -> None:
        """Put bytes back in front, as if they had not been taken."""
        self._data = memoryview(b"".join((data, self._data)))

    def clear(self) -> None:
        self._data = memoryview(b"")


class HeldFlow(FlowControl):
    """uvicorn's flow control that does not read while it is held.

    uvicorn resumes reading whenever an application asks for a body, even if requests wait.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._is_held = False

    def hold(self, is_held: bool) -> None:
        """Stop reading, or resume it."""
        if is_held == self._is_held:
            return
        self._is_held = is_held
        if is_held:
            self.pause_reading()
        else:
            self.resume_reading()

    def resume_reading(self) -> None:
        if not self._is_held:
            super().resume_reading()


class GentleTransport:
    """A transport for answers: closing it calls `leave`."""

    def __init__(self, transport: asyncio.Transport, leave: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = leave
