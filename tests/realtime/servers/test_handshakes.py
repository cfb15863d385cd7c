"""Handshakes among requests, and how a connection ends."""

from __future__ import annotations

import asyncio
import inspect
from types import GeneratorType

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from realtime.cluster import serve
from realtime.servers.http import HttpProtocol
from realtime.servers.uvicorn import WebSocketProtocol
from tests.realtime.servers.conftest import (
    GET,
    HANDSHAKE,
    Site,
    answers,
    post,
    refused,
    sending,
)
from tests.services.frames import CLOSE, TEXT, frame, split
from tests.services.ports import until

GOING = (1012).to_bytes(2, "big")


async def test_a_handshake_waits_for_the_answers_before_it(site: Site) -> None:
    site.may_answer.clear()
    reader, _ = await site.open(GET + HANDSHAKE + b"\r\n")
    await site.asked()
    [protocol] = site.state.connections
    assert isinstance(protocol, HttpProtocol)  # still
    site.may_answer.set()
    assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize("header", [b"Cookie: " + b"a" * 20_000, b"Connection: keep-alive"])
async def test_a_handshake_may_have_a_long_header_and_two_of_connection(
    site: Site, header: bytes
) -> None:
    reader, _ = await site.open(HANDSHAKE + header + b"\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize("refuses", [True, False])
async def test_a_handshake_in_progress_when_the_node_ends_is_answered_once(
    site: Site, refuses: bool, caplog: pytest.LogCaptureFixture
) -> None:
    site.refuses = refuses
    site.may_answer.clear()
    site.may_read.clear()
    reader, writer = await site.open(HANDSHAKE + b"\r\n")
    await until(lambda: site.scopes)
    [connection] = site.state.connections
    site.may_answer.set()  # the application answers in the turn in which the node ends
    connection.shutdown()
    async with asyncio.timeout(20):
        answer = await reader.readuntil(b"\r\n\r\n")
        rest = await reader.readexactly(2) if not refuses else b""
        writer.write(frame(CLOSE, GOING))
        rest += await reader.read()
    if refuses:
        assert (answer[9:12], rest) == (b"503", b"later")
    else:
        assert answer[9:12] == b"101"
        assert [payload[:2] for _, payload in split(rest)] == [GOING]
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_socket_hears_the_goodbye_whatever_it_sends(site: Site, when: str) -> None:
    site.may_read.clear()
    reader, writer = await site.open(HANDSHAKE + b"\r\n")
    await reader.readuntil(b"\r\n\r\n")
    [connection] = site.state.connections
    assert isinstance(connection, WebSocketProtocol)
    # The first of them stops the reading until the application has taken it: the others wait in
    # the kernel. A close would reset the connection there and then, or when they arrive.
    messages = [frame(TEXT, b"a" * 100)] * 3
    if when == "before":
        writer.write(messages[0])
        await until(lambda: connection.read_paused)
        writer.writelines(messages[1:])
        await writer.drain()
    connection.shutdown()
    if when == "after":
        writer.writelines(messages)
        await writer.drain()
    await asyncio.sleep(0)
    writer.write(frame(CLOSE, GOING))
    async with asyncio.timeout(20):
        [(_, payload)] = split(await reader.read())
    assert payload[:2] == GOING
    await until(lambda: not site.state.connections)


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


async def test_headers_of_a_handshake_arrive_as_they_were_sent(site: Site) -> None:
    await site.open(HANDSHAKE + b"A: caf\xe9 \xff\r\n\r\n")
    await until(lambda: site.scopes)
    assert (b"a", b"caf\xe9 \xff") in site.scopes[0]["headers"]


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"GET", b"POST", 405),
        (b"Version: 13", b"Version: 12", 400),
        (b"Sec-WebSocket-Key: ", b"Sec-WebSocket-Key: x", 400),
        (b"Sec-WebSocket-Key", b"A", 400),
    ],
)
async def test_an_invalid_handshake_is_refused_with_a_problem(
    site: Site, old: bytes, new: bytes, status: int
) -> None:
    refused(await site.ask(HANDSHAKE.replace(old, new) + b"\r\n"), status, "bad_handshake")


# -- the end of a connection


@pytest.mark.parametrize("asked", [GET, GET * 2 + post(b"x" * 1000, last=False)])
async def test_a_client_that_closed_its_half_gets_its_answers(site: Site, asked: bytes) -> None:
    site.may_answer.clear()
    reader, writer = await site.open(asked)
    writer.write_eof()
    await site.asked()
    for _ in range(20):
        await asyncio.sleep(0)
    site.may_answer.set()
    found = answers(await reader.read())
    assert found == [(200, b"ok")] * asked.count(b"HTTP/1.1")


async def test_the_application_learns_of_a_body_that_ends_early(site: Site) -> None:
    reader, writer = await site.open(post(b"x" * 1000)[:-1])
    writer.write_eof()
    assert await reader.read() == b""
    await until(lambda: site.left)


async def test_a_running_request_learns_that_its_client_left(site: Site) -> None:
    site.waits_for_the_end = True
    with sending(site) as client:
        client.send(post(b"x", "/first", last=False) + GET * 2)
        await site.asked()
        [protocol] = site.state.connections
        protocol.transport.abort()
        while site.state.tasks:
            await asyncio.sleep(0)
    assert site.left == ["/first"]
    assert len(site.requests) == 1  # those behind it have gone with the client


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


async def test_a_handshake_may_name_the_whole_address(site: Site) -> None:
    whole = HANDSHAKE.replace(b"GET /ws/notifications ", b"GET http://x/ws/notifications?a=%20b ")
    reader, _ = await site.open(whole + b"\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    [scope] = site.scopes
    assert (scope["path"], scope["query_string"]) == ("/ws/notifications", b"a=%20b")
