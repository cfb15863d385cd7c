"""Unit costs of a node, a PostgreSQL and a Redis, for `python -m bench scale`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, LiteralString

import psycopg
import redis as redis_library

from bench.contender import Bench
from bench.load import Load
from bench.peers.hoardrun import PATH, Hoardrun, installation
from bench.results import Sample
from bench.scenario import Column, Part, Scenario
from realtime.layer.pubsub import PubSubLayer
from tests.services.client import Client
from tests.services.driven import Driven
from tests.services.plugin import run_redis
from tests.services.ports import until

SOCKETS = 1000
RATE = 200  # events a second, each of another user
PUBLISHERS = 4
ACKING, ACKS_A_SECOND = 100, 2  # sockets that acknowledge, and how often each does
HEADS = 500  # streams whose heads are read in one statement
GROUPS, BATCH = 10_000, 500
SENDERS = 16  # each with a connection of its own, and one message after the other
MESSAGE = {"type": "hub.events", "events": [["user:1", "e", 1, "t", "", "x" * 250]]}


def node(bench: Bench, number: int) -> Iterator[Sample]:
    """Measure own events of connected users and of users away, and acknowledgements."""
    sockets, seconds, watched = (200, 2, 2) if bench.quick else (SOCKETS, 10, 5)
    count = RATE * seconds
    with Hoardrun().started(bench, sockets * 2) as running, Load(bench.new_folder("load")) as load:
        time.sleep(2)
        alone = running.spent()
        time.sleep(watched)
        figures = running.spent().since(alone).figures("us", 1e6 / watched)
        yield Sample("idle node", Hoardrun.name, number, figures)
        load.open(running.entry, sockets)
        time.sleep(2)
        idle = running.cpu()
        time.sleep(watched)
        idle = (running.cpu() - idle) / watched
        for case, kind, first, rate in (
            ("own event", "balance", 1, RATE),
            ("own notification", "notification", 1, RATE),
            ("event of somebody away", "balance", 1 + sockets, None),
        ):
            load.begin()
            before, redis, began = running.spent(), bench.stores.redis_cpu(), time.monotonic()
            publisher = running.ask(
                "own", first=first, users=sockets, count=count, rate=rate, kind=kind
            )["cpu"]
            expected = count // sockets if first == 1 else 0
            problems = load.finish(expected, settle=1.0).problems()
            spent = running.spent().since(before)
            server = spent.server - idle * (time.monotonic() - began)
            figures = {
                "server_us": server / count * 1e6,
                "publisher_us": publisher / count * 1e6,
                "postgres_us": spent.postgres / count * 1e6,
                "redis_us": (bench.stores.redis_cpu() - redis) / count * 1e6,
            }
            yield Sample(case, Hoardrun.name, number, figures, problems)
        load.close()
        url = f"ws://127.0.0.1:{running.entry.port}{PATH}"
        tokens = running.entry.tokens[:ACKING]
        before = running.spent()
        acks = asyncio.run(_acknowledge(url, tokens, seconds, lambda: running.spent()))
        spent = acks["after"].since(acks["before"])
        each = 1e6 / acks["count"]
        figures = {"server_us": spent.server * each, "postgres_us": spent.postgres * each}
        yield Sample("acknowledgement", Hoardrun.name, number, figures)


async def _acknowledge(url: str, tokens: Any, seconds: int, spent: Any) -> dict[str, Any]:
    """Acknowledge event after event on many sockets; return how many acks there were."""
    clients = [await Client.open(url, token=token, device="phone") for token in tokens]
    streams = []
    for client in clients:
        await client.receive("connection_established")
        streams.append(next(n for n in client.greeting["positions"] if n.startswith("user:")))
    await asyncio.sleep(1)
    before = spent()
    rounds = seconds * ACKS_A_SECOND // 4
    for number in range(rounds):
        for client, stream in zip(clients, streams, strict=True):
            await client.send({"type": "ack", "stream": stream, "offset": number + 1})
            await asyncio.sleep(1 / ACKS_A_SECOND / len(clients))
    await asyncio.sleep(1)
    after = spent()
    for client in clients:
        await client.close()
    return {"before": before, "after": after, "count": rounds * len(clients)}


def postgres(bench: Bench, number: int) -> Iterator[Sample]:
    """Publish from several processes as fast as they can; then apply retention to all of it."""
    users, each_of = (150, 200) if bench.quick else (500, 4000)
    made = installation(bench, users * PUBLISHERS)
    url = made.env["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE realtime_event")
        connection.execute("UPDATE realtime_stream SET head = 0, floor = 0")
    with ExitStack() as ending, ThreadPoolExecutor(PUBLISHERS) as threads:
        publishers = [
            ending.enter_context(
                Driven(
                    "bench.peers.hoardrun_publisher",
                    log=bench.new_folder("publisher") / "log",
                    env=made.env,
                )
            )
            for _ in range(PUBLISHERS)
        ]

        def ask(place: int, each: int) -> Mapping[str, Any]:
            return publishers[place].ask(
                "own", first=1 + place * users, users=users, count=each, rate=None, kind="balance"
            )

        list(threads.map(ask, range(PUBLISHERS), [50] * PUBLISHERS))  # connections get warm
        size, log, cpu = _size(url), _written(url), bench.stores.postgres_cpu()
        answers = list(threads.map(ask, range(PUBLISHERS), [each_of] * PUBLISHERS))
        cpu, total = bench.stores.postgres_cpu() - cpu, each_of * PUBLISHERS
        wall = max(answer["wall"] for answer in answers)
        figures = {
            "rate": total / wall,
            "postgres_us": cpu / total * 1e6,
            "publisher_us": sum(answer["cpu"] for answer in answers) / total * 1e6,
            "bytes": (_size(url) - size) / total,
            "wal_bytes": (_written(url) - log) / total,
        }
        yield Sample("append and commit", "postgres", number, figures)
        reads = 20 if bench.quick else 200
        publishers[0].ask("heads", users=HEADS, reads=5)
        cpu = bench.stores.postgres_cpu()
        answer = publishers[0].ask("heads", users=HEADS, reads=reads)
        cpu = bench.stores.postgres_cpu() - cpu
        each = 1e6 / answer["rows"]
        figures = {"postgres_us": cpu * each, "publisher_us": answer["cpu"] * each}
        yield Sample("heads of streams", "postgres", number, figures)
        streams = _streams(url)
        for case, old, count in (
            ("retention, nothing due", False, streams),
            ("retention, all due", True, total + 50 * PUBLISHERS),
        ):
            cpu = bench.stores.postgres_cpu()
            answer = publishers[0].ask("trim", old=old, within=300)
            cpu = bench.stores.postgres_cpu() - cpu
            figures = {
                "postgres_us": cpu / count * 1e6,
                "publisher_us": answer["cpu"] / count * 1e6,
                "wall_us": answer["wall"] / count * 1e6,
            }
            problems = [] if answer["events"] == old * count else [f"{answer['events']} trimmed"]
            yield Sample(case, "postgres", number, figures, problems)


def _ask_one(url: str, statement: LiteralString) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


def _size(url: str) -> int:
    """Return the bytes of the log on disk, with its indexes."""
    return _ask_one(url, "SELECT pg_total_relation_size('realtime_event')")


def _written(url: str) -> int:
    return _ask_one(url, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")


def _streams(url: str) -> int:
    return _ask_one(url, "SELECT count(*) FROM realtime_stream WHERE head > floor")


def redis(bench: Bench, number: int) -> Iterator[Sample]:
    """Publish wake-ups to groups without members, and to groups that a node has joined."""
    server = run_redis()
    server.flush()
    bench.stores.urls("hoardrun_bench")  # so that its CPU is counted
    count = GROUPS // 10 if bench.quick else GROUPS
    found = asyncio.run(_wake(bench, server.url, count, 1.0 if bench.quick else 4.0))
    yield Sample("wake-ups", "redis", number, found)


async def _wake(bench: Bench, url: str, count: int, seconds: float) -> dict[str, float]:
    prefix = f"bench-{time.monotonic_ns()}"
    made = [PubSubLayer(hosts=[{"address": url}], prefix=prefix) for _ in range(SENDERS + 1)]
    node, *senders = made
    names = [f"stream.user.{number}" for number in range(count)]
    with redis_library.Redis.from_url(url) as client:
        away, _ = await _send(bench, senders, names, 1, seconds)
        memory, cpu = client.info("memory")["used_memory"], bench.stores.redis_cpu()
        channel = await node.new_channel()
        await node.group_add_many(names, channel)
        await until(lambda: len(client.pubsub_channels(f"{prefix}__group__*")) == count)
        joined = (bench.stores.redis_cpu() - cpu) / count * 1e6
        memory = client.info("memory")["used_memory"] - memory
        drain = asyncio.create_task(_drain(node, channel))
        followed, _ = await _send(bench, senders, names, 1, seconds)
        together, rate = await _send(bench, senders[:1], names, BATCH, seconds)
        drain.cancel()
    for layer in made:
        await layer.flush()
    return {
        "redis_us": away,
        "delivered_us": max(0.0, followed - away),
        "together_us": together,
        "rate": rate,
        "joined_us": joined,
        "bytes": memory / count,
    }


async def _send(
    bench: Bench, senders: Sequence[PubSubLayer], names: Sequence[str], batch: int, seconds: float
) -> tuple[float, float]:
    """Publish `batch` messages at a time; return Redis's CPU for a message, and the rate."""
    cpu, began, sent = bench.stores.redis_cpu(), time.monotonic(), 0

    async def one(sender: PubSubLayer) -> None:
        nonlocal sent
        loop = sender.loop_layer()
        while time.monotonic() < began + seconds:
            start = sent % len(names)
            sent += batch
            await loop.group_send_many([(n, MESSAGE) for n in names[start : start + batch]])

    await asyncio.gather(*map(one, senders))
    wall = time.monotonic() - began
    return (bench.stores.redis_cpu() - cpu) / sent * 1e6, sent / wall


async def _drain(node: PubSubLayer, channel: str) -> None:
    while True:
        await node.receive(channel)


SCENARIO = Scenario(
    name="capacity",
    summary="what one node, one PostgreSQL and one Redis carry, for `python -m bench scale`",
    parts=[Part("node", node), Part("postgres", postgres), Part("redis", redis)],
    columns=[
        Column("server_us", "server CPU µs"),
        Column("publisher_us", "publisher CPU µs"),
        Column("postgres_us", "PostgreSQL CPU µs"),
        Column("redis_us", "Redis CPU µs"),
        Column("delivered_us", "more for each node it reaches", 2),
        Column("together_us", f"{BATCH} of them sent together, each", 2),
        Column("joined_us", "Redis CPU µs a group joined", 2),
        Column("wall_us", "wall µs"),
        Column("rate", "a second", 0),
        Column("bytes", "bytes", 0),
        Column("wal_bytes", "bytes of WAL", 0),
    ],
    goals=[],
    rounds=1,
    notes=[
        "An idle node: without any socket, a second. "
        f"An own event: {RATE} a second, each in a transaction of its own, to the stream of "
        f"another of {SOCKETS:,} users, who are connected; what the node spends when nothing "
        "happens is taken off. The events of somebody away reach the node, which drops them.",
        f"Append and commit: {PUBLISHERS} processes on the machine of PostgreSQL. Bytes are those "
        "of the table with its indexes, an event.",
        "Retention, nothing due: for each stream that has events; all due: for each event.",
    ],
)
