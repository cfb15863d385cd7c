"""A server process makes candles by itself."""

from __future__ import annotations

import asyncio

import pytest

from tests.nodes import ALICE, USERS, connect, token_for
from tests.services.server import Server

pytestmark = pytest.mark.servers


async def test_a_server_that_simulates_has_candles_of_the_past_and_of_now() -> None:
    with Server(env={"DEBUG": "1", "SIMULATE_MARKET": "1"}, prepare=USERS) as server:
        async with await connect(server, ALICE) as alice:
            await alice.send({"type": "join_room", "room": "candles:BTC-USD:1m"})
            running = await alice.receive("candle_update", timeout=20)
            assert running["data"]["symbol"] == "BTC-USD"
            async with asyncio.timeout(60):
                while not (found := await asyncio.to_thread(candles, server)):
                    await asyncio.sleep(0.2)
            times = [each["time"] for each in found]
            assert times == sorted(set(times))
            assert {each["source"] for each in found} == {"simulator"}


def candles(server: Server) -> list[dict[str, str]]:
    """Return the hours of Bitcoin, once there are many."""
    path = "/api/v1/market/BTC-USD/candles?interval=1h"
    answer = server.request("GET", path, token=token_for(ALICE))
    found: list[dict[str, str]] = answer.json()["candles"]
    return found if len(found) > 100 else []
