"""The protocol of `serve` on real connections, to an application that notes its requests."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from uvicorn.server import ServerState

from hoardrun.early_refusals import refuse
from realtime.cluster import serve
from realtime.core import refusals
from realtime.servers.http import HttpProtocol
from tests.services.ports import until

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HANDSHAKE = (
    b"GET /ws/notifications HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
GOING = (1012).to_bytes(2, "big")  # the code of a node that ends


class Site:
    """A server in this process whose application says what it has read."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, bytes]] = []  # path and body
        self.scopes: list[Any] = []
        self.refused: list[tuple[str, str]] = []  # method and path
        self.left: list[str] = []  # paths of those who left before their body was whole
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.may_read = asyncio.Event()  # the messages that a socket sends
        self.may_read.set()
        self.answer = b"ok"
        self.waits_for_the_end = False
        self.refuses = False  # handshakes
        self.port = 0
        self.state = ServerState()
        self.writers: list[asyncio.StreamWriter] = []  # of the clients

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            self.scopes.append(scope)
            await receive()
            await self.may_answer.wait()
            if self.refuses:
                await send({"type": "websocket.http.response.start", "status": 503, "headers": []})
                await send({"type": "websocket.http.response.body", "body": b"later"})
                return
            await send({"type": "websocket.accept"})
            await self.may_read.wait()
            await receive()
            return
        if refusals.EXTENSION in scope:
            self.refused.append((scope["method"], scope["path"]))
            await refuse(scope[refusals.EXTENSION], scope, send)
            return
        body, message = b"", {"more_body": True}
        while message["more_body"]:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left.append(scope["path"])
                return
            body += message["body"]
        self.requests.append((scope["path"], body))
        self.scopes.append(scope)
        if self.waits_for_the_end:
            assert (await receive())["type"] == "http.disconnect"
            self.left.append(scope["path"])
            return
        await self.may_answer.wait()
        headers = [(b"content-length", str(len(self.answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.answer})

    async def asked(self) -> None:
        """Wait until a request is at work."""
        await until(lambda: self.requests)

    async def open(self, data: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect a client that sends this and is closed at the end of the test."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        writer.write(data)
        return reader, writer

    async def ask(self, data: bytes, *, rest: bytes = b"") -> list[tuple[int, Any]]:
        """Send bytes, and return what is answered until the connection ends."""
        reader, writer = await self.open(data)
        if rest:
            await writer.drain()
            writer.write(rest)
        async with asyncio.timeout(20):
            found = answers(await reader.read())
        writer.close()
        return found


def answers(data: bytes) -> list[tuple[int, Any]]:
    """Read a sequence of answers: their statuses and bodies."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        status, *lines = head.decode().lower().split("\r\n")
        length = int(dict(line.split(": ", 1) for line in lines).get("content-length", 0))
        body, data = data[:length], data[length:]
        is_problem = b"application/problem+json" in head
        found.append((int(status.split()[1]), json.loads(body) if is_problem else body))
    return found


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    config = serve.config(app=site, lifespan="off")
    config.load()
    state = site.state
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: HttpProtocol(config, state, {}), host="127.0.0.1", port=0
    )
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        for writer in site.writers:
            writer.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await server.wait_closed()


def post(body: bytes, path: str = "/", *, last: bool = True) -> bytes:
    close = b"Connection: close\r\n" if last else b""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n".encode()
    return head + close + b"\r\n" + body


def in_chunks(*chunks: bytes, path: str = "/", last: bool = True) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n".encode()
    close = b"Connection: close\r\n" if last else b""
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + close + b"\r\n" + body + b"0\r\n\r\n"


def refused(found: Sequence[tuple[int, Any]], status: int, code: str) -> None:
    [(answered, problem)] = found
    assert (answered, problem["status"], problem["code"]) == (status, status, code)


def sending(site: Site) -> socket.socket:
    """Connect a client that sends as long as the server reads."""
    client = socket.create_connection(("127.0.0.1", site.port))
    client.setblocking(False)
    return client


async def fill(client: socket.socket, data: bytes) -> int:
    """Send `data` again and again until nothing is taken any more; return the bytes."""
    sent = turns = 0
    while turns < 100:
        turns += 1
        try:
            sent += client.send(data)
            turns = 0
        except BlockingIOError:
            await asyncio.sleep(0)
    return sent
