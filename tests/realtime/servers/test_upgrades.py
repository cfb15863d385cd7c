"""Handshakes among the requests of a connection."""

from __future__ import annotations

import pytest

from realtime.servers.http import HttpProtocol
from tests.realtime.servers.conftest import GET, HANDSHAKE, Site


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


async def test_a_handshake_may_name_the_whole_address(site: Site) -> None:
    whole = HANDSHAKE.replace(b"GET /ws/notifications ", b"GET http://x/ws/notifications?a=%20b ")
    reader, _ = await site.open(whole + b"\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    [scope] = site.scopes
    assert (scope["path"], scope["query_string"]) == ("/ws/notifications", b"a=%20b")
