"""Which process feeds the market, with several of them on one database and one Redis."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.nodes import ALICE, STAFF, USERS, connect
from tests.services.ports import in_time, wait_until
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = pytest.mark.servers

SCALE = 5.0
FOLLOWED_SECONDS = 12 / SCALE
RIGHTS = """
User.objects.get(username="charlie").user_permissions.add(
    Permission.objects.get(codename="view_source"))
"""


@pytest.fixture
def pair(redis: Redis) -> Iterator[tuple[Server, Server]]:
    """Two servers that may lead the simulator."""
    env = {
        "DEBUG": "1",
        "SIMULATE_MARKET": "1",
        "MARKET_TIME_SCALE": str(SCALE),
        "REDIS_URL": redis.url,
        "REDIS_PREFIX": f"leaders{os.getpid()}",
    }
    with Server(env=env, prepare=USERS + RIGHTS) as one:
        env["DATABASE_URL"] = one.env["DATABASE_URL"]
        with Server(env=env, migrate=False) as other:
            yield one, other


def leaders(server: Server) -> dict[str, str]:
    """Return the process that leads each, as `stats` has it."""
    found: dict[str, Any] = json.loads(server.manage("stats", "--json"))
    return {feed["name"]: feed["leader"] for feed in found["market_feeds"]}


async def test_another_process_goes_on_when_the_leader_is_killed(pair: tuple[Server, Server]):
    await in_time(FOLLOWED_SECONDS + 3, partial(_followed, *pair))


async def _followed(one: Server, other: Server) -> float:
    """Kill the leader, and start it again; return the seconds until prices came once more."""
    wait_until(lambda: all(leaders(one).values()), seconds=20, what="somebody leads")
    dead, alive = (one, other) if f":{one.pid}:" in leaders(one)["simulator"] else (other, one)
    alice = await connect(alive, ALICE)
    async with alice:
        await alice.send({"type": "join_room", "room": "market:BTC-USD"})
        await alice.receive("market_update")
        await asyncio.to_thread(dead.kill)
        killed = time.time()
        # What the dead one had sent comes within half a second.
        while (await alice.receive("market_update", timeout=20)) and time.time() < killed + 0.5:
            pass
        took = time.time() - killed
    ours = f":{alive.pid}:"  # the engine may follow its source
    wait_until(
        lambda: all(ours in leader for leader in leaders(alive).values()),
        seconds=20,
        what="it leads all",
    )
    await asyncio.to_thread(dead.start)
    return took


async def test_a_process_that_stops_gives_its_leases_back_at_once(pair: tuple[Server, Server]):
    one, other = pair
    wait_until(lambda: all(leaders(one).values()), seconds=20, what="somebody leads")
    leaving, alive = (one, other) if f":{one.pid}:" in leaders(one)["engine"] else (other, one)
    staff = await connect(alive, STAFF)
    async with staff:
        await staff.send({"type": "join_room", "room": "market_feeds"})
        await asyncio.to_thread(leaving.stop)
        stopped = time.monotonic()
        async with asyncio.timeout(20):
            while True:
                feed = await staff.receive("market_feed", timeout=20)
                if feed["data"]["name"] == "engine" and f":{alive.pid}:" in feed["data"]["leader"]:
                    break
        assert time.monotonic() - stopped < 10
        assert feed["data"]["state"] == "live"
