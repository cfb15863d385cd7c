"""Clients of a serving node, or of a scripted one, and a record of what their handlers got."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server as WebSockets
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from realtime.client import Client
from realtime.protocol.codec import timestamp
from tests.nodes import ALICE, token_for
from tests.services.ports import PATIENCE
from tests.services.server import Server

STREAM = f"user:{ALICE}"
# The cases for both clients, this one and the browser's: events, closes and chances.
CASES: dict[str, list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("cases.json").read_text()
)


class Giving:
    """A `get_token` that gives these answers in turn, and the last one from then on.

    `asked` lists why it was asked.
    """

    def __init__(self, *answers: str | Exception | Callable[[], str] | None) -> None:
        self.asked: list[str] = []
        self._answers = answers

    async def __call__(self, reason: str) -> str | None:
        self.asked.append(reason)
        answer = self._answers[min(len(self.asked), len(self._answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


def getter(user_id: int, *, seconds: float = 600) -> Giving:
    """Make a `get_token` that always has a new one."""
    return Giving(partial(token_for, user_id, seconds=seconds))


class Seen:
    """Notes every message and state of a client."""

    def __init__(self, client: Client) -> None:
        self.messages: list[dict[str, Any]] = []
        self.states: list[dict[str, Any]] = []
        self.resyncs: list[dict[str, Any]] = []
        client.on("message", lambda data, message: self.messages.append(message))
        client.on("state", lambda data, message: self.states.append(data))
        client.on("resync", lambda data, message: self.resyncs.append(data))

    def of(self, type: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == type]

    def offsets(self, stream: str) -> list[int]:
        return [m["offset"] for m in self.messages if m.get("stream") == stream]


def client_of(server: Server, user_id: int, **options: Any) -> tuple[Client, Seen]:
    """Make a client, not started yet, and a record of it."""
    get_token = options.pop("get_token", None) or getter(user_id)
    client = Client(server.ws_url, get_token, **options)
    return client, Seen(client)


@asynccontextmanager
async def online(server: Server, **options: Any) -> AsyncIterator[tuple[Client, Seen]]:
    """Connect a client of Alice's, which stops at the end."""
    client, seen = client_of(server, ALICE, **options)
    async with client:
        await client.wait_connected()
        yield client, seen


async def ended(client: Client) -> tuple[int | None, str]:
    async with asyncio.timeout(20 * PATIENCE):
        return await client.wait_ended()


def hold(client: Client, type: str) -> tuple[asyncio.Event, Callable[[], None]]:
    """Add a handler that waits for an event; return the event, and what removes the handler."""
    release = asyncio.Event()

    async def wait(data: Any, message: Any) -> None:
        await release.wait()

    return release, client.on(type, wait)


def envelope(type: str, data: dict[str, Any], **more: Any) -> str:
    return json.dumps({"type": type, "data": data, "timestamp": timestamp(), **more})


def event(offset: int) -> str:
    return envelope("balance_update", {}, stream=STREAM, offset=offset)


def greeting(offset: int) -> str:
    return envelope(
        "connection_established",
        {
            "user_id": "1",
            "connection_id": "x",
            "heartbeat_seconds": 20,
            "expires_at": None,
            "positions": {STREAM: {"offset": offset, "epoch": "e"}},
            "epoch": "e",
        },
    )


def resync(offset: int, epoch: str, snapshot: str = "/snapshot", after_ms: int = 0) -> str:
    return envelope(
        "resync_required",
        {
            "stream": STREAM,
            "reason": "epoch",
            "position": {"offset": offset, "epoch": epoch},
            "epoch": epoch,
            "snapshot": snapshot,
            "snapshot_after_ms": after_ms,
        },
    )


def port_of(server: WebSockets) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])


def whole(offset: int, epoch: str, **others: int) -> dict[str, Any]:
    """Make a snapshot with these offsets."""
    offsets = {STREAM: offset, **others}
    return {"positions": {name: {"offset": at} for name, at in offsets.items()}, "epoch": epoch}


class Script:
    """The requests that a scripted server got, and the messages of its clients."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.heard: list[Any] = []


async def each(*answers: Any) -> AsyncIterator[Any]:
    """Answer with these in turn."""
    for answer in answers:
        yield answer


Talk = Callable[[ServerConnection, int], Awaitable[None]]


@asynccontextmanager
async def wrong(
    talk: Talk | Sequence[str], *, snapshots: AsyncIterator[Any] | None = None, **options: Any
) -> AsyncIterator[tuple[Client, Seen, Script]]:
    """Serve with `talk(socket, number of the connection)` or with texts, and a client.

    Each of `snapshots` is what its path answers, a status alone or what a snapshot holds.
    """
    script = Script()

    async def look(socket: ServerConnection, request: Request) -> Response | None:
        if request.path != "/snapshot":
            return None
        assert snapshots is not None
        answer = await anext(snapshots)
        if isinstance(answer, HTTPStatus):
            return socket.respond(answer, "{}")
        return socket.respond(HTTPStatus.OK, json.dumps(answer))

    async def answer(socket: ServerConnection) -> None:
        script.paths.append(socket.request.path if socket.request else "")
        if callable(talk):
            await talk(socket, len(script.paths))
        else:
            for text in talk:
                await socket.send(text)
        with suppress(ConnectionClosed):
            async for said in socket:
                script.heard.append(json.loads(said))

    async with serve(answer, "127.0.0.1", 0, process_request=look) as server:
        get_token = options.pop("get_token", None) or getter(ALICE)
        client = Client(f"ws://127.0.0.1:{port_of(server)}/ws/notifications", get_token, **options)
        seen = Seen(client)
        async with client:
            yield client, seen, script
