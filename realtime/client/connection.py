"""One socket: open it, send and receive JSON, notice a dead peer. `Link` opens and reads it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from realtime.client.options import Options
from realtime.client.policy import Lost
from realtime.protocol import SUBPROTOCOL

PONG_SECONDS = 5.0
# Longer than a server waits for its database at a login (30).
GREETING_SECONDS = 45.0
CLOSE_SECONDS = 2.0

logger = logging.getLogger("realtime.client")
# At DEBUG the library logs headers and frames, which contain tokens.
_wire = logging.getLogger("realtime.client.wire")
_wire.setLevel(logging.WARNING)


class NoAnswer(Exception):
    """Nothing arrived for too long: the connection is dead."""


class _Connect(connect):
    """Never follows redirects, which would carry the token to another host."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


USER_AGENT = "hoardrun-python"  # by which a server counts its clients


class Line:
    """An open socket that speaks JSON, with all that ends with it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.heartbeat_seconds: float | None = None  # unknown before the greeting
        self.lost: Lost | None = None  # why we have dropped it
        self.hint: float | None = None  # of the server, when to reconnect, in seconds
        self.acks_soon = self.asks_later = False  # a task will do that
        self.tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, options: Options, token: str, parameters: Mapping[str, str]) -> Line:
        """Connect with the token in its place and the non-empty parameters in the query.

        Raises OSError, TimeoutError, InvalidHandshake of websockets.
        """
        parts = urlsplit(options.url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        query |= {name: value for name, value in parameters.items() if value}
        headers: dict[str, str] = {}
        subprotocols = [SUBPROTOCOL]
        origin: str | None = None
        match options.token_in:
            case "header":
                headers["Authorization"] = f"Bearer {token}"
            case "subprotocol":
                subprotocols.append(f"bearer.{token}")
            case "query":
                query["token"] = token
            case "message":
                # A handshake without a credential needs an Origin.
                origin = f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"
        socket = await _Connect(
            urlunsplit(parts._replace(query=urlencode(query, safe=":,"))),
            additional_headers=headers,
            subprotocols=[Subprotocol(name) for name in subprotocols],
            origin=Origin(origin) if origin else None,
            user_agent_header=USER_AGENT,
            open_timeout=options.connect_timeout,
            close_timeout=CLOSE_SECONDS,
            ping_interval=None,  # `receive` does that
            max_size=None,  # we trust the server: lists may be long
            proxy=None,
            logger=_wire,
        )
        line = cls(socket)
        if options.token_in == "message":
            await line.send({"type": "authenticate", "token": token})
        return line

    async def send(self, message: Mapping[str, Any]) -> bool:
        """Send a message; False when the connection is gone."""
        try:
            await self._socket.send(json.dumps(message))
        except ConnectionClosed:
            return False
        return True

    async def receive(self) -> dict[str, Any]:
        """Return the next message; after a heartbeat without one, send a ping first.

        Raises NoAnswer, ConnectionClosed, and ValueError for anything but a message.
        """
        text = await self._within(self.heartbeat_seconds or GREETING_SECONDS)
        if text is None and self.heartbeat_seconds is not None:
            try:
                async with asyncio.timeout(PONG_SECONDS):
                    await self.send({"type": "ping"})
                    text = await self._socket.recv()
            except TimeoutError:
                text = await self._within(0)  # it may have arrived while the program was busy
        if text is None:
            raise NoAnswer
        message = json.loads(text)
        if not (isinstance(message, dict) and isinstance(message.get("type"), str)):
            raise ValueError("no message")
        if not isinstance(message.get("data"), dict):
            raise ValueError("a message without data")
        return message

    async def _within(self, seconds: float) -> str | bytes | None:
        try:
            async with asyncio.timeout(seconds):
                return await self._socket.recv()
        except TimeoutError:
            return None

    @property
    def closed_with(self) -> tuple[int, str]:
        """The close code and reason; 1006 without a close frame."""
        return self._socket.close_code or 1006, self._socket.close_reason or ""

    async def close(self) -> None:
        """Close with a handshake; the socket is closed afterwards in any case."""
        await self._socket.close()

    def drop(self) -> None:
        """Abort the connection without a close frame."""
        self._socket.transport.abort()

    def lose(self, lost: Lost) -> None:
        """Drop it for our own reason; the first reason counts."""
        self.lost = self.lost or lost
        self.drop()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a task until the connection ends."""
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def cancel_tasks(self) -> None:
        """Cancel the tasks, and wait until they have ended."""
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                logger.error("a task of the client failed", exc_info=outcome)
