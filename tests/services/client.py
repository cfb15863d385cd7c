"""A WebSocket client that remembers everything it was sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.services.ports import PATIENCE

Message = dict[str, Any]


def _own_origin(ws_url: str) -> Origin:
    return Origin("http" + ws_url.removeprefix("ws").split("/ws/")[0])


def _code_of(closed: ConnectionClosed) -> int:
    return closed.rcvd.code if closed.rcvd else 1006


class Client:
    """One connection to /ws/notifications.

    `journal` holds every message received, in order, also those that a call of
    receive() passed over. Nothing reads the socket between two calls, so a client
    that is left alone is a slow reader.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.journal: list[Message] = []
        self.greeting: Message = {}  # the data of `connection_established`, once it came

    @classmethod
    async def open(
        cls,
        ws_url: str,
        *,
        token: str | None = None,
        device: str | None = None,
        since: Mapping[str, int] | str | None = None,
        epoch: str | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        subprotocols: list[str] | None = None,
        origin: str | None = "own",
    ) -> Self:
        """Connect as a page of the server itself does; `query` adds further parameters.

        With another `origin` it is a page from elsewhere, with None no browser.

        `since` maps each stream to the offset already had. A refusal comes as a
        close code, see until_closed(): the server accepts before it refuses.
        """
        if isinstance(since, Mapping):
            since = ",".join(f"{stream}:{offset}" for stream, offset in since.items())
        named = {"token": token, "device": device, "since": since, "epoch": epoch, **(query or {})}
        parameters = {name: value for name, value in named.items() if value is not None}
        connection = await connect(
            f"{ws_url}?{urlencode(parameters)}" if parameters else ws_url,
            additional_headers=dict(headers or {}),
            subprotocols=[Subprotocol(name) for name in subprotocols or []] or None,
            origin=_own_origin(ws_url) if origin == "own" else Origin(origin) if origin else None,
            max_size=None,
            proxy=None,
        )
        return cls(connection)

    async def send(self, message: Mapping[str, Any] | str) -> None:
        """Send a message as JSON, or a string as it is."""
        await self.connection.send(message if isinstance(message, str) else json.dumps(message))

    async def receive(self, type: str | None = None, *, timeout: float = 5) -> Message:
        """Return the next message, or the next of `type`, passing over the others.

        Raises AssertionError, naming what came instead, when none comes within
        `timeout` seconds, and ConnectionClosed when the server closes.
        """
        began = len(self.journal)
        try:
            async with asyncio.timeout(timeout * PATIENCE):
                while True:
                    message = await self._next()
                    if type in (None, message["type"]):
                        return message
        except TimeoutError:
            came = [message["type"] for message in self.journal[began:]]
            raise AssertionError(
                f"no {type or 'message'} within {timeout * PATIENCE:g} s; came: {came}"
            ) from None

    async def request(self, **command: Any) -> Message:
        """Send a command with an id of its own; return its answer, passing over all else."""
        request_id = f"request {len(self.journal)}"
        await self.send({**command, "id": request_id})
        return await self.until_answer(request_id)

    async def ping(self) -> Message:
        """See that the server answers on this connection; return the pong."""
        await self.send({"type": "ping"})
        return await self.receive("pong")

    async def join(self, room: str) -> Message:
        """Join a room; return the answer."""
        await self.send({"type": "join_room", "room": room})
        return await self.receive("room_joined")

    async def expect_nothing(self, seconds: float, *, type: str | None = None) -> None:
        """Listen for `seconds`; raise AssertionError when a message (of `type`) comes.

        Not multiplied by PATIENCE: silence takes no longer on a slow machine.
        """
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await self._next()
                    if type in (None, message["type"]):
                        raise AssertionError(f"expected nothing, got {message}")
        except TimeoutError:
            return

    async def until_closed(self, *, timeout: float = 10) -> int:
        """Read on until the server closes and return its close code (1006 without one)."""
        try:
            async with asyncio.timeout(timeout * PATIENCE):
                while True:
                    await self._next()
        except ConnectionClosed as closed:
            return _code_of(closed)
        except TimeoutError:
            raise AssertionError(f"still open after {timeout * PATIENCE:g} s") from None

    async def until_first(self, *, timeout: float = 10) -> Message | int:
        """Return the first message, or the close code when the server closes instead."""
        try:
            return await self.receive(timeout=timeout)
        except ConnectionClosed as closed:
            return _code_of(closed)

    async def until_answer(self, request_id: str, *, timeout: float = 5) -> Message:
        """Return the next answer to a request, passing over everything else."""
        async with asyncio.timeout(timeout * PATIENCE):
            while True:
                message = await self._next()
                if message.get("id") == request_id:
                    return message

    async def until_next(self, seconds: float) -> Message | int | None:
        """Return the next message, the code of a close, or None when neither comes."""
        try:
            async with asyncio.timeout(seconds):
                return await self._next()
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            return _code_of(closed)

    async def close(self) -> None:
        await self.connection.close()

    def drop(self) -> None:
        """Cut the connection without a goodbye, as a lost network does."""
        self.connection.transport.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _next(self) -> Message:
        frame = await self.connection.recv()
        message: Message = json.loads(frame)
        self.journal.append(message)
        if message["type"] == "connection_established":
            self.greeting = message["data"]
        return message
