"""Handshakes as the application sees them, and as it answers them."""

from __future__ import annotations

import asyncio

import pytest

from tests.realtime.servers.conftest import (
    GOING,
    HANDSHAKE,
    Site,
    refused,
)
from tests.services.frames import CLOSE, frame, split
from tests.services.ports import until


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
