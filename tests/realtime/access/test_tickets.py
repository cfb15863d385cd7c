"""A ticket lets one socket in, once, soon, as the user that asked for it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from realtime import clock
from realtime.access import tickets
from realtime.core.identity import Identity
from realtime.models import Ticket
from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, BOB, USERS, node, token_for
from tests.services.client import Client
from tests.services.frames import CLOSE
from tests.services.handshake import offer
from tests.services.locks import threads
from tests.services.plugin import Serve
from tests.services.ports import PATIENCE
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server

HOUR = timedelta(hours=1)
MANY_AT_ONCE = {
    "WS_MAX_ANONYMOUS_PER_ADDRESS": "5000",
    "WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS": "5000",
}


@pytest.fixture(scope="module")
def office() -> Iterator[Server]:
    """A node whose tickets last twenty seconds."""
    with node(WS_TICKET_SECONDS="20") as server:
        yield server


def ask(server: Server, user_id: int = ALICE, **options: Any) -> str:
    answer = server.request("POST", "/api/ws-ticket/", token=token_for(user_id, **options))
    assert answer.status == 200, answer
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["ticket"])


async def enter(server: Server, ticket: str) -> Client:
    return await Client.open(server.ws_url, query={"ticket": ticket})


@pytest.mark.servers
async def test_a_ticket_lets_its_user_in_once(office: Server) -> None:
    answer = office.request("POST", "/api/ws-ticket/", token=token_for(BOB)).json()
    assert answer["expires_in"] == 20
    ticket = answer["ticket"]
    assert len(ticket) >= 43  # 256 bits
    async with await enter(office, ticket) as client:
        greeting = await client.receive("connection_established")
        assert greeting["data"]["user_id"] == str(BOB)
        async with await enter(office, ticket) as again:
            assert await again.until_closed() == CloseCode.UNAUTHORIZED
            assert again.journal == []
    assert ticket not in office.log()


@pytest.mark.servers
async def test_the_login_of_a_ticket_ends_with_its_token(office: Server) -> None:
    ticket = await asyncio.to_thread(ask, office, ALICE, seconds=2)
    async with await enter(office, ticket) as client:
        await client.receive("connection_established")
        expiring = await client.receive("token_expiring")
        assert expiring["data"]["seconds"] <= 2
        assert await client.until_closed(timeout=5) == CloseCode.UNAUTHORIZED


@pytest.mark.servers
@pytest.mark.parametrize("ticket", ["", "x", "é", "a" * 5000, "0" * 43])
async def test_an_invalid_ticket_is_refused(office: Server, ticket: str) -> None:
    async with await enter(office, ticket) as client:
        assert await client.until_closed() == CloseCode.UNAUTHORIZED
    assert "Traceback" not in office.log()


def waiting(database_url: str) -> int:
    """Count the sessions that wait for a lock."""
    with psycopg.connect(database_url) as observer:
        row = observer.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
    return int(row[0]) if row else 0


async def outcome(reader: asyncio.StreamReader) -> int | str:
    """Read the answer to a handshake, and of the first frame its close code or its type."""
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    first, size = await reader.readexactly(2)
    if first & 0x0F == CLOSE:
        return int.from_bytes((await reader.readexactly(size))[:2], "big")
    assert size == 126
    size = int.from_bytes(await reader.readexactly(2), "big")
    return str(json.loads(await reader.readexactly(size))["type"])


async def test_one_of_a_thousand_sockets_with_one_ticket_gets_in(
    postgres: Postgres, redis: Redis, serve: Serve
) -> None:
    """The ticket is locked until all clients of two nodes have asked for it."""
    env = MANY_AT_ONCE | {"DATABASE_URL": postgres.migrated("tickets"), "REDIS_URL": redis.url}
    nodes = [serve(env=env, prepare=USERS), serve(env=env, migrate=False)]
    ticket = await asyncio.to_thread(ask, nodes[0])
    connections = []
    for number in range(1000):
        server = nodes[number % 2]
        connections.append((server, *await asyncio.open_connection("127.0.0.1", server.port)))
    with psycopg.connect(env["DATABASE_URL"]) as holding:
        holding.execute("SELECT 1 FROM realtime_ticket FOR UPDATE")
        for server, _, writer in connections:
            path = f"/ws/notifications?ticket={ticket}"
            writer.write(offer(server.port, path, [("Origin", server.url)]))
        async with asyncio.timeout(10 * PATIENCE):
            while await asyncio.to_thread(waiting, env["DATABASE_URL"]) < len(nodes):
                await asyncio.sleep(0.02)
    async with asyncio.timeout(30 * PATIENCE):
        found = Counter(await asyncio.gather(*(outcome(reader) for _, reader, _ in connections)))
    for _, _, writer in connections:
        writer.close()
    assert found == {"connection_established": 1, CloseCode.UNAUTHORIZED: 999}


def test_a_ticket_needs_a_login(client: Any, db: None) -> None:
    assert client.post("/api/ws-ticket/").status_code == 401
    assert not Ticket.objects.exists()


def make(user_id: int) -> str:
    ends_at = (timezone.now() + timedelta(minutes=5)).timestamp()
    ticket, _ = tickets.issue(Identity(user_id, ends_at, "session", "stamp"))
    return ticket


def test_only_the_hash_of_a_ticket_is_stored(alice: User) -> None:
    ticket = make(alice.pk)
    row = Ticket.objects.values().get()
    assert ticket not in map(str, row.values())
    attempt = tickets.Attempt(row["hash"], "c")
    identity = tickets.redeem([attempt])[attempt]
    assert identity is not None
    assert (identity.user_id, identity.session, identity.stamp) == (alice.pk, "session", "stamp")
    assert not Ticket.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nodes_that_redeem_the_same_tickets_accept_each_once(alice: User) -> None:
    hashes = [tickets.digest(make(alice.pk)) for _ in range(200)]
    let_in: list[str] = []
    start = threading.Barrier(6, timeout=20)

    def redeem(order: int) -> None:
        start.wait()
        mine = hashes[::order]  # in opposite orders, as two nodes may gather them
        for at in range(0, len(mine), 20):
            attempts = [tickets.Attempt(key, twin) for key in mine[at : at + 20] for twin in "ab"]
            found = tickets.redeem(attempts)
            let_in.extend(key.hash for key, identity in found.items() if identity)

    with threads() as call:
        for redeeming in [call(redeem, 1 if number % 2 else -1) for number in range(6)]:
            redeeming.result()
    assert sorted(let_in) == sorted(hashes)


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_a_ticket_lasts_by_the_databases_time(
    alice: User, wrong_clock: Callable[[timedelta], None], ahead: timedelta
) -> None:
    wrong_clock(ahead)  # of the node that issues it
    good, old, left, kept = (tickets.digest(make(alice.pk)) for _ in range(4))
    wrong_clock(timedelta())
    Ticket.objects.filter(pk__in=(old, left)).update(expires_at=clock.now() - timedelta(seconds=1))
    attempts = [tickets.Attempt(key, "c") for key in (good, old)]
    found = tickets.redeem(attempts)
    assert [found[attempt] is not None for attempt in attempts] == [True, False]
    assert set(Ticket.objects.values_list("pk", flat=True)) == {left, kept}
    wrong_clock(ahead)  # of the node that forgets
    tickets.forget_expired()
    assert Ticket.objects.get().pk == kept
