"""Nodes behind PgBouncer in transaction mode, set up by nothing but the address."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from tests.nodes import ALICE, STAFF, connect, node, push_balance, token_for
from tests.services.client import Client
from tests.services.pgbouncer import PgBouncer
from tests.services.ports import PATIENCE
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = [pytest.mark.servers, pytest.mark.pooler]
STREAM = f"user:{ALICE}"


class Own(PgBouncer):
    """One of these tests alone: they kill it, and the whole run may go through the other."""

    name = "PgBouncer-own"


@pytest.fixture(scope="module")
def pgbouncer(postgres: Postgres) -> Iterator[PgBouncer]:
    server = Own(postgres)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def direct(postgres: Postgres) -> str:
    """A database whose server keeps another time, as some do."""
    url = postgres.database("pooled")
    with psycopg.connect(url, autocommit=True) as plain:
        plain.execute("ALTER DATABASE pooled SET timezone = 'Africa/Kampala'")
    return url


@pytest.fixture(scope="module")
def nodes(direct: str, pgbouncer: PgBouncer, redis: Redis) -> Iterator[tuple[Server, Server]]:
    """Two nodes, which migrate and serve through the pooler."""
    env = {"DATABASE_URL": pgbouncer.url(direct), "REDIS_URL": redis.url}
    with node(**env) as one, Server(env=env, migrate=False) as other:
        yield one, other


async def told(client: Client, number: int) -> list[int]:
    """Read up to a balance update of this number; return the offsets of all that came."""
    while (await client.receive("balance_update"))["data"]["available_balance"] != str(number):
        pass
    return [m["offset"] for m in client.journal if m["type"] == "balance_update"]


@pytest.mark.operated(number=8)
async def test_events_reach_devices_once_and_in_order(nodes: tuple[Server, Server]) -> None:
    one, other = nodes
    phone = await connect(one, ALICE, device="phone")
    for number in (1, 2, 3):
        push_balance(other, ALICE, number)
    offsets = await told(phone, 3)
    assert offsets == list(range(offsets[0], offsets[0] + 3))
    acked = await phone.request(type="ack", stream=STREAM, offset=offsets[1])
    assert acked["type"] == "acked"
    phone.drop()
    again = await connect(other, ALICE, device="phone")
    assert await told(again, 3) == offsets[2:]
    await again.close()


async def test_a_pooler_that_restarts_costs_no_socket_and_no_event(
    nodes: tuple[Server, Server], pgbouncer: PgBouncer
) -> None:
    one, _ = nodes
    phone = await connect(one, ALICE)
    push_balance(one, ALICE, 10)
    await asyncio.to_thread(pgbouncer.kill)
    away = one.request(
        "POST", f"/ws/broadcast/balance?user_id={ALICE}", json={}, token=token_for(STAFF)
    )
    assert away.status == 503
    await asyncio.to_thread(pgbouncer.start)
    async with asyncio.timeout(10 * PATIENCE):
        while True:
            answer = await asyncio.to_thread(one.request, "GET", "/readyz")
            if answer.status == 200:
                break
            await asyncio.sleep(0.1)
    push_balance(one, ALICE, 11)
    offsets = await told(phone, 11)
    assert offsets == [offsets[0], offsets[0] + 1]
    await phone.close()


def test_times_are_those_of_the_world_wherever_the_server_is(nodes: tuple[Server, Server]) -> None:
    moment = nodes[0].shell(
        "from realtime import clock; from django.utils import timezone; "
        "print(abs((clock.now() - timezone.now()).total_seconds()) < 60)"
    )
    assert moment.strip() == "True"


def test_the_log_says_that_a_pooler_stands_between(nodes: tuple[Server, Server]) -> None:
    assert "through a connection pooler: waits for locks end after 5s" in nodes[0].log()


LEASES = """
from concurrent.futures import ThreadPoolExecutor
from django.db import connection
from hoardrun.market.lease import Held, Overtaken, acquire, fenced, renew
from hoardrun.market.models import Lease

def ask(holder):
    try:
        return acquire("source:pooled", holder)
    finally:
        connection.close()

def renewed(held):
    try:
        return renew(held)
    finally:
        connection.close()

with ThreadPoolExecutor(8) as pool:
    [first] = [held for held in pool.map(ask, "abcdefgh") if held]
    with fenced(first):
        assert all(pool.map(renewed, [first] * 8))
    Lease.objects.filter(name=first.name).update(expires_at="2026-01-01T00:00Z")
    [second] = [held for held in pool.map(ask, "abcdefgh") if held]
assert second.epoch == first.epoch + 1 and not renew(first) and renew(second)
try:
    with fenced(first):
        print("stored what it should not")
except Overtaken:
    print("fenced")
"""


@pytest.mark.feed(number=15)
def test_one_process_leads_at_a_time(nodes: tuple[Server, Server]) -> None:
    """A lease needs no session of the database, which the pooler changes at each transaction."""
    assert nodes[0].shell(LEASES).strip() == "fenced"
