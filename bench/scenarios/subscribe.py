"""Measure how fast a node joins the groups of its users, and wakes many streams, over Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import redis as redis_library
from channels_redis.pubsub import RedisPubSubChannelLayer

from bench.contender import Bench
from bench.goals import Goal
from bench.results import Sample
from bench.scenario import Column, Part, Scenario
from realtime.layer.pubsub import PubSubLayer
from tests.services.plugin import run_redis
from tests.services.ports import until

GROUPS = 20_000
GOAL_SECONDS = 2.0
MESSAGE = {"type": "hub.events", "events": [["user:1", "e", 1, "t", "", "x" * 250]]}


def measure(name: str, bench: Bench, number: int) -> Iterator[Sample]:
    """Join every group, then send to each of them."""
    store = run_redis()
    store.flush()
    count = GROUPS // 10 if bench.quick else GROUPS
    figures = asyncio.run(_measure(name == "hoardrun", store.url, count))
    yield Sample("subscribe", name, number, figures)


async def _measure(many: bool, url: str, count: int) -> dict[str, float]:
    prefix = f"bench-{time.monotonic_ns()}"
    kind = PubSubLayer if many else RedisPubSubChannelLayer
    node, sender = (kind(hosts=[{"address": url}], prefix=prefix) for _ in range(2))
    names = [f"stream.user.{number}" for number in range(count)]
    channel = await node.new_channel()
    with redis_library.Redis.from_url(url) as client:
        before, commands = time.process_time(), _commands(client)
        began = time.monotonic()
        if many:
            await node.group_add_many(names, channel)
        else:
            for name in names:
                await node.group_add(name, channel)
        await until(lambda: _joined(client, prefix) == count)
        joined, cpu = time.monotonic() - began, time.process_time() - before
        commands = _commands(client) - commands
    began = time.monotonic()
    if many:
        await sender.group_send_many([(name, MESSAGE) for name in names])
    else:
        for name in names:
            await sender.group_send(name, MESSAGE)
    sent = time.monotonic() - began
    for layer in (node, sender):
        await layer.flush()
    return {
        "joined_s": joined,
        "join_us": cpu / count * 1e6,
        "commands": commands,
        "sent_s": sent,
    }


def _joined(client: Any, prefix: str) -> int:
    return len(client.pubsub_channels(f"{prefix}__group__*"))


def _commands(client: Any) -> int:
    return int(client.info("commandstats").get("cmdstat_subscribe", {"calls": 0})["calls"])


SCENARIO = Scenario(
    name="subscribe",
    summary=f"{GROUPS:,} groups joined by one node, and a message to each",
    parts=[Part(name, partial(measure, name)) for name in ("hoardrun", "channels-redis")],
    columns=[
        Column("joined_s", "joined, s", 2),
        Column("join_us", "CPU µs a group"),
        Column("commands", "SUBSCRIBE commands", 0),
        Column("sent_s", "sent to each, s", 2),
    ],
    goals=[
        Goal("seconds to join 20,000 groups", "joined_s", ("subscribe", "hoardrun"), GOAL_SECONDS)
    ],
    notes=[
        "Joined: Redis has all of them. The second contender is channels_redis's own pub/sub layer "
        "of the same release, which sends one command a group.",
    ],
)
