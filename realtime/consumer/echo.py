"""`/ws/echo`: sends back what it gets, for conformance runs; off unless WS_ECHO is set.

A text message leaves as customers' messages do: a `Frame`, written by the server's Writer.
A binary one is sent through ASGI from a task, and what arrives behind it waits, as behind
a command that needs the database.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from realtime.core.frames import Frame
from realtime.core.transport import EXTENSION, Writer
from realtime.protocol.codes import CloseCode

Send = Callable[[dict[str, Any]], Awaitable[None]]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Serve one connection, without a login."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    offer: Writer | None = scope.get("extensions", {}).get(EXTENSION)
    if offer is not None:
        offer.take_over(Echo(offer, send))
        return
    while (event := await receive())["type"] == "websocket.receive":
        await send(event | {"type": "websocket.send"})


class Echo:
    """The Listener that answers each message with itself, in order."""

    def __init__(self, writer: Writer, send: Send) -> None:
        self.busy = False
        self._writer = writer
        self._send = send
        self._inbox: deque[dict[str, Any]] = deque()
        self._sending: asyncio.Task[None] | None = None

    def put_nowait(self, event: dict[str, Any]) -> None:
        if event["type"] == "websocket.receive":
            self._inbox.append(event)
            self._go_on()
        else:
            self._inbox.clear()

    def held(self) -> None:
        """Do nothing: `_go_on` asks the writer."""

    def resumed(self) -> None:
        self._go_on()

    def server_stops(self) -> None:
        self._writer.close(CloseCode.RESTART)

    def _go_on(self) -> None:
        while self._inbox and not self.busy and not self._writer.paused:
            event = self._inbox.popleft()
            text = event.get("text")
            if text is not None:
                self._writer.write([Frame(text.encode())])
            else:
                self.busy = True
                self._sending = asyncio.ensure_future(self._send_bytes(event["bytes"]))

    async def _send_bytes(self, data: bytes) -> None:
        try:
            await self._send({"type": "websocket.send", "bytes": data})
        except Exception:  # the client has left, or a close frame is out: servers differ
            self._inbox.clear()
        self.busy = False
        self._go_on()
        if not self.busy:
            self._writer.resume_reading()
