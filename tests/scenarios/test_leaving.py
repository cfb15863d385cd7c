"""Who goes leaves nothing behind, however it went."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import redis as redis_client

from tests.nodes import (
    ALICE,
    BOB,
    STAFF,
    USERS,
    broadcast,
    connect,
    push_balance,
    token_for,
)
from tests.services.client import Client
from tests.services.ports import PATIENCE
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(15 * PATIENCE):
        while not await asyncio.to_thread(true):
            await asyncio.sleep(0.05)


def subscriptions(redis: Redis) -> set[str]:
    with redis_client.Redis.from_url(redis.url, decode_responses=True) as client:
        return {name for name in client.pubsub_channels() if "__group__" in name}


def connections(server: Server) -> int:
    answer = server.request("GET", "/ws/stats", token=token_for(STAFF))
    return int(answer.json()["data"]["total_connections"])


async def test_sockets_that_end_in_any_way_leave_no_subscription_and_no_count(
    serve: Callable[..., Server], postgres: Postgres, redis: Redis
) -> None:
    env = {"DATABASE_URL": postgres.database("leaving"), "REDIS_URL": redis.url, "DEBUG": "1"}
    server = serve(env=env, migrate=True)
    await asyncio.to_thread(server.manage, "shell", "-v0", "-c", USERS)
    await eventually(lambda: len(subscriptions(redis)) == 2)  # all nodes, and its own
    idle = await asyncio.to_thread(subscriptions, redis)
    clients = []
    for number in range(8):
        client, _ = await connect(server, ALICE if number % 2 else BOB)
        await client.send({"type": "join_room", "room": "market_data"})
        await client.receive("room_joined")
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
            await client.connection.send(b"\xff" * 300_000)  # beyond what the transport takes
            await client.until_closed()
        else:
            await client.send("{")
            client.drop()
    for query in ("?token=nonsense", "", f"?token={token_for(999)}"):
        left = await Client.open(server.ws_url + query)
        left.drop()
    await eventually(lambda: subscriptions(redis) == idle)
    await eventually(lambda: connections(server) == 0)
    # And who comes back finds everything in working order.
    client, _ = await connect(server, ALICE)
    await asyncio.to_thread(push_balance, server, ALICE, 7)
    assert (await client.receive("balance_update"))["data"]["available_balance"] == "7"
    await asyncio.to_thread(broadcast, server, "announcement", {"title": "A", "message": "B"})
    await client.receive("system_announcement")
    await client.close()
