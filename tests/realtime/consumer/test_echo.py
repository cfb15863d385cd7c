"""`/ws/echo`, for conformance runs, is off by default and returns what it gets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.services.server import Kind, Server

pytestmark = pytest.mark.servers
SAID: list[str | bytes] = [
    "Hello",
    "",
    b"\x00\xff",
    b"",
    "Habari ya asubuhi? " * 100,
    "\N{MONEY WITH WINGS} \N{CJK UNIFIED IDEOGRAPH-4E2D}",
    b"\x80" * 65_536,
    "x" * 65_536,
]


def url(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}/ws/echo"


@pytest.fixture(scope="module", params=["serve", "uvicorn"])
def echoing(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A node that echoes: by its own writer, and by plain ASGI."""
    kind: Kind = request.param
    with Server(kind, env={"WS_ECHO": "1"}) as server:
        yield server


async def test_echo_is_off_by_default(served: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(url(served), proxy=None)
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize("compression", ["deflate", None])
async def test_each_message_comes_back_unchanged_and_in_order(
    echoing: Server, compression: str | None
) -> None:
    async with connect(url(echoing), proxy=None, compression=compression) as client:
        assert bool(client.protocol.extensions) == (compression is not None)
        for message in SAID:  # all at once: some wait behind others
            await client.send(message)
        assert [await client.recv() for _ in SAID] == SAID


async def test_a_message_in_fragments_comes_back_whole(echoing: Server) -> None:
    async with connect(url(echoing), proxy=None) as client:
        await client.send(["Wel", "", "come"])
        assert await client.recv() == "Welcome"
