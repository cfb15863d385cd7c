"""The writer for ASGI servers other than `serve`."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from realtime.core.frames import Frame
from realtime.core.state import ConnectionState
from realtime.hub.socket import Socket
from realtime.hub.writes import WriteCycle
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from realtime.servers.asgi import AsgiWriter
from tests.services.handshake import offer
from tests.services.ports import until


class Server:
    """Takes what an application sends, one message at a time, and breaks when told."""

    def __init__(self) -> None:
        self.sent: list[MutableMapping[str, Any]] = []
        self.may_take = asyncio.Event()
        self.may_take.set()
        self.broken = False
        self.inside = 0

    async def send(self, message: MutableMapping[str, Any]) -> None:
        assert self.inside == 0, "the server takes one message at a time"
        self.inside += 1
        try:
            await self.may_take.wait()
            await asyncio.sleep(0)
            if self.broken:
                raise RuntimeError("the client has gone")
            self.sent.append(message)
        finally:
            self.inside -= 1

    def texts(self) -> list[str]:
        return [m["text"] for m in self.sent if m["type"] == "websocket.send"]

    def closes(self) -> list[int]:
        return [m["code"] for m in self.sent if m["type"] == "websocket.close"]


class Listener:
    """Passes on what a consumer would."""

    busy = False

    def __init__(self, socket: Socket) -> None:
        self.held, self.resumed = socket.held, socket.resumed

    def put_nowait(self, event: Any) -> None: ...

    def server_stops(self) -> None: ...


def served() -> tuple[Server, Socket]:
    server = Server()
    writer = AsgiWriter(server.send)
    turn: WriteCycle[Socket] = WriteCycle(asyncio.get_running_loop())
    socket = Socket(ConnectionState("c", Options().limits), writer, turn, 4096)
    writer.take_over(Listener(socket))
    return server, socket


async def settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_messages_are_sent_in_order_before_one_close() -> None:
    server, socket = served()
    for number in range(20):
        socket.put(Frame(str(number).encode()))
        if number % 3 == 0:
            await asyncio.sleep(0)
    socket.close(CloseCode.REVOKED)
    await settled()
    assert server.texts() == [str(number) for number in range(20)]
    assert server.closes() == [CloseCode.REVOKED]


async def test_a_server_that_takes_no_more_makes_the_socket_wait() -> None:
    server, socket = served()
    server.may_take.clear()
    for price in range(100):
        socket.put_newest("room BTC", Frame(f"{price}".encode()))
        await asyncio.sleep(0)
    server.may_take.set()
    await settled()
    assert server.texts()[-1] == "99"
    assert len(server.texts()) < 5  # the rest was outdated before it could leave


async def test_writing_to_a_client_that_left_raises_nothing() -> None:
    server, socket = served()
    server.broken = True
    socket.put(Frame(b"1"))
    await settled()
    socket.put(Frame(b"2"))
    await settled()
    assert server.sent == []
    assert not socket


async def test_on_stock_uvicorn_a_client_that_never_reads_is_dropped() -> None:
    aborted = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        writer = AsgiWriter(send)
        frame = Frame(b"x" * 100_000)
        while not writer.paused:
            for _ in range(100):
                writer.write([frame])
        await asyncio.sleep(0.1)  # the kernel takes what it can
        writer.close(CloseCode.SLOW_CONSUMER)
        await asyncio.sleep(0)
        writer.abort()
        aborted.set()
        await receive()

    config = Config(application, log_config=None, lifespan="off")
    config.load()
    state = ServerState()
    protocol: Any = config.http_protocol_class
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=state, app_state={}),
        "127.0.0.1",
    )
    host, port = server.sockets[0].getsockname()
    _, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(offer(port))
        await until(lambda: aborted.is_set() and not state.connections, seconds=20)
    finally:
        writer.close()
        server.close()
