"""The end of a connection, and reading that stops while a flow is held."""

from __future__ import annotations

import asyncio
from unittest.mock import Mock

import pytest

from realtime.servers.closing import HeldFlow
from realtime.servers.uvicorn import WebSocketProtocol
from tests.realtime.servers.conftest import GET, GOING, HANDSHAKE, Site, answers, post, sending
from tests.services.frames import CLOSE, TEXT, frame, split
from tests.services.ports import until


async def test_nothing_is_read_while_it_is_held() -> None:
    transport = Mock(spec=asyncio.Transport)
    flow = HeldFlow(transport)
    flow.hold(True)
    flow.resume_reading()
    transport.pause_reading.assert_called_once()
    transport.resume_reading.assert_not_called()
    flow.hold(False)
    transport.resume_reading.assert_called_once()


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
