"""How soon the people know that a price was reached, while a million alerts are watched."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator, Sequence

from bench.contender import Bench
from bench.goals import Goal
from bench.peers.market import CENTS
from bench.results import Sample, delays
from bench.scenario import Part
from bench.scenarios.market.running import STEPS, Market, market
from tests.services.client import Client

CASE, NAME = "a tick to the notification on the socket", "hoardrun"
USERS, INSTRUMENTS, RATE = 20, 20, 20.0
OTHERS_RATE = 1_000.0  # ticks a second of the other instruments meanwhile
SEEN_SECONDS = 20.0


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Let a price rise by a cent at a time, each of which one alert waits for."""
    count = 100_000 if bench.quick else 1_000_000
    with market(bench, users=USERS, instruments=INSTRUMENTS, alerts=count) as (running, alerts):
        sent, seen = asyncio.run(_play(running))
    problems = []
    if missing := [each for each in alerts if each not in seen]:
        problems.append(f"{len(missing)} of {STEPS} alerts were not seen")
    found = [
        1000 * (seen[alert] - moment)
        for alert, moment in zip(alerts, sent, strict=True)
        if alert in seen
    ]
    yield Sample(CASE, NAME, number, delays(found or [0.0]), problems)


async def _play(running: Market) -> tuple[Sequence[float], dict[str, float]]:
    seen: dict[str, float] = {}
    all_seen = asyncio.Event()
    clients, tasks = [], []
    url = f"ws://127.0.0.1:{running.server.port}/ws/notifications"
    for token in running.tokens[:USERS]:
        client = await Client.open(url, token=token)
        clients.append(client)
        tasks.append(asyncio.create_task(_watch(client, seen, all_seen)))
    # The gate and the alerts know the price before it moves.
    await asyncio.to_thread(
        running.venue.ask, "trade", symbols=running.symbols, price=f"{CENTS / 100}", rate=40.0,
        seconds=3.0,
    )  # fmt: skip
    climbed = await asyncio.to_thread(
        running.venue.ask,
        "climb",
        within=300,
        symbol=running.symbols[0],
        first=CENTS + 1,
        steps=STEPS,
        rate=RATE,
        others=running.symbols[1:],
        others_rate=OTHERS_RATE,
    )
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(all_seen.wait(), SEEN_SECONDS)
    for task in tasks:
        task.cancel()
    for client in clients:
        await client.connection.close()
    return climbed["at"], seen


async def _watch(client: Client, seen: dict[str, float], all_seen: asyncio.Event) -> None:
    async for text in client.connection:
        message = json.loads(text)
        if message["type"] == "notification":
            metadata = message["data"].get("metadata") or {}
            seen.setdefault(str(metadata.get("alert")), time.monotonic())
            if len(seen) == STEPS:
                all_seen.set()


PART = Part("alerts", measure)
GOALS = (Goal("p99 ms from a tick to the notification on the socket", "p99_ms", (CASE, NAME), 250),)
NOTES = (
    f"A price rises by a cent {RATE:g} times a second, and each time one alert fires, of {USERS} "
    f"users in turn with a socket each; the other {INSTRUMENTS - 1} instruments have "
    f"{OTHERS_RATE:,g} ticks a second meanwhile, which fire none. The time begins before the venue "
    "sends the trade, and ends when the socket has the notification. Venue, node, PostgreSQL, "
    "Redis and sockets share the machine's cores.",
)
