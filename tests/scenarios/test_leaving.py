"""A socket leaves nothing behind, in whichever way it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import redis as redis_client
from websockets.exceptions import ConnectionClosed

from tests.nodes import (
    ALICE,
    BOB,
    USERS,
    broadcast,
    connect,
    push_balance,
    reported,
    token_for,
)
from tests.services.client import Client
from tests.services.plugin import Serve
from tests.services.ports import wait_until
from tests.services.postgres import Postgres
from tests.services.redis import Redis


async def eventually(true: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, true, seconds=15, what="nothing is left")


def subscriptions(redis: Redis) -> set[str]:
    with redis_client.Redis.from_url(redis.url, decode_responses=True) as client:
        return {name for name in client.pubsub_channels() if "__group__" in name}


async def test_ended_sockets_leave_no_subscription_and_no_count(
    serve: Serve, postgres: Postgres, redis: Redis
) -> None:
    env = {"DATABASE_URL": postgres.migrated("leaving"), "REDIS_URL": redis.url, "DEBUG": "1"}
    server = serve(env=env, prepare=USERS)
    await eventually(lambda: len(subscriptions(redis)) == 2)  # all nodes, and its own
    idle = await asyncio.to_thread(subscriptions, redis)
    clients = []
    for number in range(8):
        client = await connect(server, ALICE if number % 2 else BOB)
        await client.join("market_data")
        clients.append(client)
    during = await asyncio.to_thread(subscriptions, redis)
    assert {name.rpartition("__")[2] for name in during - idle} == {
        f"stream.user.{ALICE}", f"stream.user.{BOB}", "stream.announcements", "topic.market",
    }  # fmt: skip
    for number, client in enumerate(clients):
        if number % 4 == 0:
            await client.close()
        elif number % 4 == 1:
            client.drop()
        elif number % 4 == 2:
            with suppress(ConnectionClosed):  # it may be closed before all of it is sent
                await client.connection.send(b"\xff" * 300_000)  # beyond what the transport takes
            await client.until_closed()
        else:
            await client.send("{")
            client.drop()
    for query in ("?token=nonsense", "", f"?token={token_for(999)}"):
        left = await Client.open(server.ws_url + query)
        left.drop()
    await eventually(lambda: subscriptions(redis) == idle)
    await eventually(lambda: reported(server)["total_connections"] == 0)
    # And who comes back finds everything in working order.
    client = await connect(server, ALICE)
    await asyncio.to_thread(push_balance, server, ALICE, 7)
    assert (await client.receive("balance_update"))["data"]["available_balance"] == "7"
    await asyncio.to_thread(broadcast, server, "announcement", {"title": "A", "message": "B"})
    await client.receive("system_announcement")
    await client.close()
