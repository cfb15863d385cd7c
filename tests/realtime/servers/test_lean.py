"""The state of a socket: no less than uvicorn's own, and nothing that a socket does not need."""

from __future__ import annotations

import inspect
from types import GeneratorType

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from realtime.cluster import serve
from realtime.servers.uvicorn import WebSocketProtocol
from tests.realtime.servers.conftest import HANDSHAKE, Site
from tests.services.frames import TEXT, frame
from tests.services.ports import until


async def test_a_socket_keeps_neither_a_dictionary_nor_its_handshake(site: Site) -> None:
    """Each takes kibibytes, and a process has 20,000 sockets."""
    site.may_read.clear()
    reader, _ = await site.open(HANDSHAKE + b"\r\n")
    await reader.readuntil(b"\r\n\r\n")
    [connection] = site.state.connections
    assert isinstance(connection, WebSocketProtocol)
    assert vars(connection) == {}
    assert isinstance(connection.conn.parser, GeneratorType)
    assert "request" not in inspect.getgeneratorlocals(connection.conn.parser)


@pytest.mark.parametrize(
    "sent",
    [frame(TEXT, bytes(30_000), fin=False) + frame(0, bytes(30_000))[:-1], b"\xff" * 100],
    ids=["half a message", "no frame"],
)
async def test_a_socket_that_has_gone_keeps_nothing_of_what_it_was_sent(
    site: Site, sent: bytes
) -> None:
    """It stays in memory until the collector runs."""
    site.may_read.clear()
    reader, writer = await site.open(HANDSHAKE + b"\r\n")
    await reader.readuntil(b"\r\n\r\n")
    [connection] = site.state.connections
    assert isinstance(connection, WebSocketProtocol)
    conn = connection.conn
    writer.write(sent)
    await until(lambda: len(conn.reader.buffer) > 29_000 or conn.parser_exc)
    writer.transport.abort()
    await until(lambda: connection.disconnected)
    assert (conn.reader.buffer, conn.parser_exc, connection.frames) == (b"", None, [])
    assert inspect.getgeneratorstate(conn.parser) == inspect.GEN_CLOSED


async def test_a_socket_has_what_uvicorn_gives_its_own() -> None:
    """A newer uvicorn that sets more on its sockets must be followed."""
    config = serve.config(app=Site(), lifespan="off")
    config.load()
    own = WebSocketsSansIOProtocol(config, ServerState(), {})
    ours = WebSocketProtocol(config, ServerState(), {})
    others = {"logger", "close_timeout", "conn", "queue", "writable", "connections", "tasks"}
    for name, value in vars(own).items():
        assert hasattr(ours, name), name
        assert name in others or getattr(ours, name) == value, name
    made = {"id", "logger", "reader", "parser", "available_extensions"}
    assert vars(ours.conn).keys() == vars(own.conn).keys()
    for name, value in vars(own.conn).items():
        assert name in made or getattr(ours.conn, name) == value, name
