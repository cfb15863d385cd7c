"""All devices are cut off at once, miss up to a hundred events, and come back at once.

200 clients on a pool of four connections; HOARDRUN_FAULTS_CLIENTS=2000 is the storm of the
documentation. Each must get what it missed, in order, without a gap, and go on live. One that
the door refuses with 503 comes again after as long as it was told.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.faults.cluster import USERS
from tests.services.plugin import Serve
from tests.services.ports import PATIENCE
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server
from tests.services.statements import Statements

pytestmark = pytest.mark.servers
CLIENTS = int(os.environ.get("HOARDRUN_FAULTS_CLIENTS") or 200)
MOST_BEHIND = 100  # events
POOL = 4  # connections to PostgreSQL that the node may have
SEED = 20
FIRST_TIME_AT_ONCE = 50  # the storm comes later
SAMPLE_SECONDS = 0.005
PATIENT_SECONDS = 30 + CLIENTS / 20

_MISSED = """
import json, random
from django.contrib.auth.models import User
from django.db import transaction
from realtime import log
from notifications.messages import SystemAnnouncement
rng = random.Random({seed})
streams = [f"user:{{pk}}" for pk in User.objects.order_by("pk").values_list("pk", flat=True)]
missed = {{name: rng.randint(0, {most}) for name in streams}} | {{"announcements": 5}}
for start in range(0, len(streams), 100):
    with transaction.atomic():
        log.append([
            (name, SystemAnnouncement(id="1", title=f"{{name}}/{{number}}", message="-"))
            for name in [*streams[start : start + 100], *["announcements"][start:]]
            for number in range(missed[name])
        ])
print(json.dumps(missed))
"""
_LIVE = """
from django.contrib.auth.models import User
from notifications.messages import SystemAnnouncement
from realtime.publish import publish_many
names = [f"user:{pk}" for pk in User.objects.values_list("pk", flat=True)] + ["announcements"]
publish_many([(n, SystemAnnouncement(id="1", title=f"{n}/live", message="-")) for n in names])
"""


@dataclass
class Device:
    """A client that checks each event when it comes; `wrong` says what should not have come."""

    url: str
    user_id: int
    token: str
    positions: dict[str, int] = field(default_factory=dict)
    epoch: str = ""
    connection: ClientConnection | None = None
    caught_up: float = 0.0
    refused: int = 0  # handshakes, by the door
    wrong: list[str] = field(default_factory=list)

    async def open(self) -> None:
        """Connect and be greeted, going on from the own positions if there are any."""
        query = {"token": self.token}
        if self.positions:
            query["since"] = ",".join(f"{name}:{at}" for name, at in self.positions.items())
            query["epoch"] = self.epoch
        self.connection = await self._admitted(f"{self.url}?{urlencode(query)}")
        greeting = json.loads(await self.connection.recv())
        if greeting["type"] != "connection_established":
            self.wrong.append(f"greeted by {greeting}")
            return
        self.epoch = greeting["data"]["epoch"]
        if not self.positions:
            at = greeting["data"]["positions"]
            self.positions = {name: place["offset"] for name, place in at.items()}

    async def _admitted(self, url: str) -> ClientConnection:
        while True:
            try:
                return await connect(
                    url, compression=None, proxy=None, max_size=None,
                    open_timeout=PATIENT_SECONDS * PATIENCE,
                )  # fmt: skip
            except InvalidStatus as error:
                response = error.response
                if response.status_code != 503:
                    raise
                self.refused += 1
                await asyncio.sleep(float(response.headers["Retry-After"]))

    def drop(self) -> None:
        """Cut the connection, without a goodbye."""
        assert self.connection is not None
        self.connection.transport.abort()

    async def follow(self, heads: Mapping[str, int]) -> None:
        """Read until there is nothing behind `heads`; returns early when something is wrong."""
        assert self.connection is not None
        while not self.wrong and any(at < heads[name] for name, at in self.positions.items()):
            message = json.loads(await self.connection.recv())
            if message["type"] == "resync_required":
                self.wrong.append(f"told to resynchronise: {message['data']}")
            if "offset" in message:
                self._take(message["stream"], message["offset"], message["data"]["title"])
        self.caught_up = time.monotonic()

    def _take(self, stream: str, offset: int, title: str) -> None:
        if offset != self.positions.get(stream, -1) + 1:
            self.wrong.append(f"{stream}:{offset} after {self.positions}")
        if not title.startswith(f"{stream}/"):
            self.wrong.append(f"{title!r} in {stream}")
        self.positions[stream] = offset


async def in_turns(devices: Sequence[Device]) -> None:
    turn = asyncio.Semaphore(FIRST_TIME_AT_ONCE)

    async def open_one(device: Device) -> None:
        async with turn:
            await device.open()

    await asyncio.gather(*map(open_one, devices))


async def come_back(device: Device, heads: Mapping[str, int]) -> None:
    """Connect and catch up; what ends the socket is written down, not retried."""
    try:
        await device.open()
        await device.follow(heads)
    except Exception as error:
        device.wrong.append(f"{type(error).__name__}: {error}")


@contextmanager
def sampled_connections(postgres: Postgres, database: str) -> Iterator[list[int]]:
    """Count the connections to a database again and again, from another one."""
    counts: list[int] = []
    done = threading.Event()

    def sample() -> None:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            while not done.wait(SAMPLE_SECONDS):
                row = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [database]
                ).fetchone()
                counts.append(row[0] if row else 0)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield counts
    finally:
        done.set()
        thread.join()


def shell(server: Server, script: str) -> Any:
    printed = server.shell(script)
    return json.loads(printed) if printed.strip() else None


@pytest.mark.asyncio
async def test_a_storm_of_reconnects_is_served_by_a_small_pool(
    postgres: Postgres, redis: Redis, serve: Serve
) -> None:
    url = postgres.migrated("storm")
    statements = Statements(postgres, "storm")
    node = await asyncio.to_thread(
        serve,
        env={"DATABASE_URL": url, "REDIS_URL": redis.url, "DATABASE_POOL_SIZE": str(POOL)},
    )
    users = await asyncio.to_thread(shell, node, USERS % CLIENTS)
    devices = [Device(node.ws_url, user["id"], user["token"]) for user in users]
    await in_turns(devices)
    for device in devices:
        device.drop()
    missed = await asyncio.to_thread(shell, node, _MISSED.format(seed=SEED, most=MOST_BEHIND))

    with sampled_connections(postgres, "storm") as connections:
        began, before = time.monotonic(), statements.count()
        async with asyncio.timeout(PATIENT_SECONDS * PATIENCE):
            await asyncio.gather(*(come_back(device, missed) for device in devices))
        queries = statements.count() - before
        most = max(connections)  # before the script below connects too
    assert [wrong for device in devices for wrong in device.wrong][:5] == []

    await asyncio.to_thread(shell, node, _LIVE)
    later = {name: count + 1 for name, count in missed.items()}
    async with asyncio.timeout(PATIENT_SECONDS * PATIENCE):
        await asyncio.gather(*(device.follow(later) for device in devices))
    assert [wrong for device in devices for wrong in device.wrong][:5] == []
    for device in devices:
        device.drop()

    figures = {
        "clients": CLIENTS,
        "events": sum(missed[f"user:{device.user_id}"] + 5 for device in devices),
        "seconds": round(max(device.caught_up for device in devices) - began, 2),
        "refused": sum(device.refused for device in devices),
        "connections": most,
        "queries": queries,
        "queries a client": round(queries / CLIENTS, 3),
    }
    print(figures)
    assert 1 <= most <= POOL, figures
    # Without batches it is several for each client. On a slow machine there are more batches, and a
    # node's own questions are counted too.
    assert queries <= CLIENTS / 4 + 10 * figures["seconds"], figures
    log = node.log()
    assert "Traceback" not in log
    assert "PoolTimeout" not in log
