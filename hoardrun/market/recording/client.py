"""One connection of the server that plays recordings: its queue, and how it ends."""

from __future__ import annotations

import asyncio
import time

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from hoardrun.market.recording.venues.base import Seat

MAX_WAITING = 10_000  # frames that the client has not read; then it is cut, as venues do
FEW = 1_000


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
                if not self._is_frozen:
                    await self._socket.send(text)
                    self.sent += 1
                    self.sent_at = time.monotonic()
        except ConnectionClosed:
            pass
        finally:
            self._has_room.set()

    def freeze(self) -> None:
        """Send and read nothing more; the connection stays."""
        self._is_frozen = True
        self._has_room.set()
        self._socket.transport.pause_reading()

    def cut(self, code: int, reason: str = "") -> None:
        """End the connection with a code; with 1006 without a word."""
        self._is_frozen = True
        self._has_room.set()
        if code == 1006:
            self._socket.transport.abort()
        else:
            self._closing = asyncio.ensure_future(self._socket.close(code, reason))
