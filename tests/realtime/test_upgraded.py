"""A connection that has become a WebSocket, and the deadlines of requests."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.realtime.conftest import ALICE, connect, node

pytestmark = pytest.mark.servers


async def test_a_socket_outlives_the_deadline_of_a_head() -> None:
    with node(HTTP_HEADER_SECONDS="0.5") as server:
        client, _ = await connect(server, ALICE)
        async with client:
            # One that began later, and that the server drops at its deadline.
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET /healthz HTTP/1.1\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
            await client.send({"type": "ping"})
            await client.receive("pong")
