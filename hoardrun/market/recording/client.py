"""One connection of the server that plays recordings: its queue, and how it ends."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from hoardrun.market.recording.venues.base import Seat

MAX_WAITING = 10_000  # frames that the client has not read; then it is cut, as venues do
FEW = 1_000
PATIENCE_SECONDS = 5.0


class Client:
    """A connection that is written to without waiting for it."""

    def __init__(self, number: int, socket: ServerConnection) -> None:
        self.number = number
        self.seat = Seat()
        self.sent = 0
        self.sent_at = self.beat_at = time.monotonic()
        self.is_slow = False
        self._socket = socket
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MAX_WAITING)
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._is_frozen = False

    async def room(self) -> None:
        """Wait until few frames wait, or the connection has ended."""
        await self._has_room.wait()

    def put(self, text: str) -> None:
        """Send a frame when the connection takes it. A client that reads too slowly is cut."""
        if self._is_frozen:
            return
        try:
            self._waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.is_slow = True
            self.cut(1006)
        if self._waiting.qsize() > FEW and not self._is_frozen:
            self._has_room.clear()

    async def write(self) -> None:
        """Send what waits until the connection ends."""
        try:
            while True:
                text = await self._waiting.get()
                if self._waiting.qsize() <= FEW:
                    self._has_room.set()
                try:
                    if not self._is_frozen:
                        await self._socket.send(text)
                        self.sent += 1
                        self.sent_at = time.monotonic()
                finally:
                    self._waiting.task_done()
        except ConnectionClosed:
            pass
        finally:
            self._is_frozen = True
            self._has_room.set()
            while not self._waiting.empty():  # nobody must wait for what is not sent any more
                self._waiting.get_nowait()
                self._waiting.task_done()

    def freeze(self) -> None:
        """Send and read nothing more; the connection stays."""
        self._is_frozen = True
        self._has_room.set()
        self._socket.transport.pause_reading()

    async def end(self, code: int, reason: str) -> None:
        """End the connection with a code once what waits is sent; with 1006 without a word."""
        if self._is_frozen:
            return
        with suppress(TimeoutError):  # of a client that does not read
            await asyncio.wait_for(self._waiting.join(), PATIENCE_SECONDS)
        if code == 1006:
            self._socket.transport.close()
        else:
            await self._socket.close(code, reason)

    def cut(self, code: int, reason: str = "") -> None:
        """End the connection with a code; with 1006 without a word."""
        self._is_frozen = True
        self._has_room.set()
        if code == 1006:
            self._socket.transport.abort()
        else:
            self._closing = asyncio.ensure_future(self._socket.close(code, reason))
