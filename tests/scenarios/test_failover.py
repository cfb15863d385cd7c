"""A standby that lags takes over: events are gone, and no device goes on as if it had them.

Two nodes, which compare positions with the log once an hour only. Their DATABASE_URL names
the standby and the primary, that of the second also a host that takes connections and never
answers. Or it names a PgBouncer, which goes on to another server while its clients stay connected.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.nodes import ALICE, USERS, connect, push_balance, reported
from tests.services.client import Client
from tests.services.pgbouncer import PgBouncer
from tests.services.ports import until, wait_until
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server
from tests.services.standby import Standby

pytestmark = [pytest.mark.servers, pytest.mark.operation]
STREAM = f"user:{ALICE}"
LINE = "PostgreSQL is not where it was"


@contextmanager
def cluster(
    postgres: Postgres, redis: Redis, *, pooled: bool
) -> Iterator[tuple[Server, Server, Standby]]:
    """Two nodes on a primary that has a standby."""
    url = postgres.migrated("failing_over")
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        standby = Standby(postgres)
        stack.callback(standby.close)
        hosts = [f"127.0.0.1:{port}" for port in (standby.port, postgres.port)]
        dead = f"127.0.0.1:{silent.getsockname()[1]}"
        urls = [url.replace(hosts[-1], ",".join(places)) for places in (hosts, [dead, *hosts])]
        if pooled:
            pooler = PgBouncer(postgres)
            stack.callback(pooler.stop)
            urls = [pooler.url(url)] * 2
        env = {"DEBUG": "1", "WS_RECONCILE_SECONDS": "3600", "REDIS_URL": redis.url}
        one, other = [env | {"DATABASE_URL": each} for each in urls]
        first = stack.enter_context(Server(env=one, prepare=USERS))
        second = stack.enter_context(Server(env=other, migrate=False))
        yield first, second, standby


def publish(server: Server, number: int) -> int:
    """Publish through a node as soon as it can; return the offset."""
    offsets: list[int] = []

    def published() -> bool:
        with suppress(AssertionError):  # it is refused while the node has no connection
            offsets.append(push_balance(server, ALICE, number)["offset"])
        return bool(offsets)

    wait_until(published, seconds=20, what="the node publishes")
    return offsets[0]


async def until_told(client: Client) -> int:
    """Wait until a client was told to resynchronise its own stream; return from where."""
    while True:
        data = (await client.receive("resync_required", timeout=20))["data"]
        assert data["reason"] == "epoch"
        if data["stream"] == STREAM:
            return int(data["position"]["offset"])


@pytest.mark.parametrize("pooled", [False, True], ids=["direct", "pooled"])
async def test_no_device_believes_that_it_has_what_was_lost(
    pooled: bool, postgres: Postgres, redis: Redis
) -> None:
    with cluster(postgres, redis, pooled=pooled) as (first, second, standby):
        kept = publish(first, 1)
        await asyncio.to_thread(standby.wait_until_level)
        await asyncio.to_thread(standby.lag)
        phone, tablet = await connect(first, ALICE), await connect(second, ALICE)
        lost = [publish(first, number) for number in (2, 3, 4)][-1]
        for client in (phone, tablet):
            while (await client.receive("balance_update"))["offset"] != lost:
                pass
        postgres.kill()
        await asyncio.to_thread(standby.take_over)
        # The numbers of the lost events are given again, to others, and more.
        last = [await asyncio.to_thread(publish, first, n) for n in range(102, 107)][-1]
        assert last == kept + 5
        for client in (phone, tablet):
            position = await until_told(client)
            assert kept <= position <= last
            since = len(client.journal)
            await client.ping()
            later = client.journal[since:]
            after = [m["offset"] for m in later if m["type"] == "balance_update"]
            assert after == list(range(position + 1, position + 1 + len(after)))
        back = await connect(
            second, ALICE, since=f"user:{lost},announcements:0", epoch=phone.greeting["epoch"]
        )
        await until_told(back)
        for client in (phone, tablet, back):
            await client.close()
        epoch = reported(first)["epoch"]
        assert epoch["deployment"]
        assert epoch["last_failover"].startswith("timeline ")
        await until(lambda: {n["epoch"] for n in reported(first)["nodes"]} == {epoch["deployment"]})
        lines = (first.log() + second.log()).splitlines()
        assert len([line for line in lines if LINE in line]) == 1
