"""A WebSocket client that remembers everything it was sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Self
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.services.ports import PATIENCE

Message = dict[str, Any]


def _own_origin(ws_url: str) -> Origin:
    return Origin("http" + ws_url.removeprefix("ws").split("/ws/")[0])


def _of(type: str | None) -> Callable[[Message], bool]:
    return lambda message: type in (None, message["type"])


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

    async def receive(self, type: str | None = None, *, timeout: float = 15) -> Message:
        """Return the next message, or the next of `type`, passing over the others.

        Raises AssertionError, naming what came instead, when none comes within
        `timeout` seconds, and ConnectionClosed when the server closes.
        """
        return await self._await(_of(type), type or "message", timeout * PATIENCE)

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
        message = await self._first(_of(type), seconds)
        assert message is None, f"expected nothing, got {message}"

    async def until_closed(self, *, timeout: float = 15) -> int:
        """Read on until the server closes and return its close code (1006 without one)."""
        try:
            await self._first(lambda message: False, timeout * PATIENCE)
        except ConnectionClosed as closed:
            return _code_of(closed)
        raise AssertionError(f"still open after {timeout * PATIENCE:g} s")

    async def until_answer(self, request_id: str) -> Message:
        """Return the next answer to a request, passing over everything else."""
        return await self._await(
            lambda message: message.get("id") == request_id, request_id, 15 * PATIENCE
        )

    async def until_next(self, seconds: float) -> Message | int | None:
        """Return the next message, the code of a close, or None when neither comes."""
        try:
            return await self._first(_of(None), seconds)
        except ConnectionClosed as closed:
            return _code_of(closed)

    async def close(self) -> None:
        await self.connection.close()

    def drop(self) -> None:
        """Cut the connection without a goodbye, as a lost network does."""
        self.connection.transport.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def _first(self, wanted: Callable[[Message], bool], seconds: float) -> Message | None:
        """Return the first message that is wanted, passing over the others; None without one."""
        try:
            async with asyncio.timeout(seconds):
                while not wanted(message := await self._next()):
                    pass
                return message
        except TimeoutError:
            return None

    async def _await(self, wanted: Callable[[Message], bool], what: str, seconds: float) -> Message:
        began = len(self.journal)
        message = await self._first(wanted, seconds)
        came = [message["type"] for message in self.journal[began:]]
        assert message is not None, f"no {what} within {seconds:g} s; came: {came}"
        return message

    async def _next(self) -> Message:
        frame = await self.connection.recv()
        message: Message = json.loads(frame)
        self.journal.append(message)
        if message["type"] == "connection_established":
            self.greeting = message["data"]
        return message
