"""Reading stops while a flow is held."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from realtime.servers.closing import HeldFlow


@asynccontextmanager
async def connected() -> AsyncIterator[asyncio.Transport]:
    """Give one side of a connection."""
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
    yield transport
    transport.abort()
    theirs.close()
    await asyncio.sleep(0)  # until it has closed


async def test_nothing_is_read_while_it_is_held() -> None:
    async with connected() as transport:
        flow = HeldFlow(transport)
        flow.hold(True)
        flow.resume_reading()
        assert not transport.is_reading()
        flow.hold(False)
        assert transport.is_reading()
