"""Who is turned away before the handshake, and how little a stranger can cost."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress

import pytest

from realtime.core.limits import Buckets, network_of
from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, BOB, STAFF, USERS, connect, node, token_for
from tests.services.client import Client
from tests.services.handshake import offer, shake
from tests.services.ports import PATIENCE
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Kind, Server

NOBODY = [("Authorization", "Bearer nonsense")]


@pytest.fixture(scope="module")
def small() -> Iterator[Server]:
    """A node that takes few."""
    with node(
        WS_MAX_CONNECTIONS_PER_NODE="6",
        WS_MAX_ANONYMOUS_PER_ADDRESS="3",
        WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS="0.5",
        WS_MAX_LOGINS_PER_SECOND_PER_USER="1",
        WS_MAX_MESSAGES_PER_SECOND_PER_USER="10",
    ) as server:
        yield server


@pytest.mark.servers
async def test_a_full_node_says_503_and_lets_in_again_when_somebody_leaves(small: Server) -> None:
    async with AsyncExitStack() as open_now:
        for number in range(6):
            client, _ = await connect(small, (ALICE, BOB, STAFF)[number % 3])
            open_now.push_async_callback(client.close)
        status, headers = await shake(
            small.port, headers=[("Authorization", f"Bearer {token_for(ALICE)}")]
        )
        assert status == 503
        assert 1 <= int(headers["retry-after"]) <= 10
        await client.close()
        async with asyncio.timeout(5):
            while True:
                status, _ = await shake(
                    small.port, headers=[("Authorization", f"Bearer {token_for(ALICE)}")]
                )
                if status == 101:
                    break


@pytest.mark.servers
async def test_strangers_of_one_address_are_few_and_others_log_in(small: Server) -> None:
    async with AsyncExitStack() as waiting:
        for _ in range(3):
            waiting.push_async_callback((await Client.open(small.ws_url)).close)
        own = [("Origin", small.url)]
        status, headers = await shake(small.port, headers=own)
        assert status == 429
        assert "retry-after" in headers
        client, _ = await connect(small, BOB)  # with a token: no stranger
        await client.close()
    async with asyncio.timeout(5):
        while (await shake(small.port, headers=own))[0] != 101:
            await asyncio.sleep(0.05)


@pytest.mark.servers
async def test_guessing_is_slowed_down_whatever_it_claims_to_be() -> None:
    with node(WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS="0.01") as server:
        seen = []
        for number in range(40):
            claimed = [
                ("X-Forwarded-For", f"10.0.{number}.1"),
                ("Forwarded", f"for=10.1.{number}.1"),
            ]
            seen.append((await shake(server.port, headers=NOBODY + claimed))[0])
        assert 429 in seen, "a bucket for each claimed address"
        assert seen[-1] == 429
        await refused_unchecked(server)


@pytest.mark.servers
@pytest.mark.parametrize("way", ["ticket", "message"])
async def test_guessing_tickets_or_in_messages_is_slowed_down_too(way: str) -> None:
    with node(WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS="0.01") as server:
        for _ in range(10):
            query = {"ticket": "x" * 43} if way == "ticket" else None
            client = await Client.open(server.ws_url, query=query)
            if way == "message":
                await client.send({"type": "authenticate", "token": "nonsense"})
            assert await client.until_closed() == CloseCode.UNAUTHORIZED
        path = "/ws/notifications" + ("?ticket=abc" if way == "ticket" else "")
        status, _ = await shake(server.port, path, [("Origin", server.url)])
        assert status == 429
        await refused_unchecked(server)


async def refused_unchecked(server: Server) -> None:
    """See that for now no token from here is checked, not even a good one."""
    good = [("Authorization", f"Bearer {token_for(ALICE)}")]
    status, headers = await shake(server.port, headers=good)
    assert status == 429
    assert "retry-after" in headers


@pytest.mark.servers
async def test_behind_a_trusted_proxy_each_client_has_its_own_limits() -> None:
    with node(
        WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS="0.01", TRUSTED_PROXIES="127.0.0.0/8"
    ) as server:
        for number in range(40):
            client = [("X-Forwarded-For", f"10.0.{number}.1")]
            status, _ = await shake(server.port, headers=NOBODY + client)
            assert status == 101  # and then closed with 4401
        same = [("X-Forwarded-For", "10.0.0.1")]
        assert 429 in [(await shake(server.port, headers=NOBODY + same))[0] for _ in range(20)]
        many = [[("X-Forwarded-For", f"2001:db8:0:1::{number:x}")] for number in range(20)]
        assert 429 in [(await shake(server.port, headers=NOBODY + one))[0] for one in many]
        other = [("X-Forwarded-For", "2001:db8:0:2::1")]
        assert (await shake(server.port, headers=NOBODY + other))[0] == 101


@pytest.mark.servers
async def test_strangers_of_one_ipv6_network_are_few_together() -> None:
    with node(WS_MAX_ANONYMOUS_PER_ADDRESS="3", TRUSTED_PROXIES="127.0.0.0/8") as server:
        async with AsyncExitStack() as waiting:
            for number in range(3):
                client = {"X-Forwarded-For": f"2001:db8:0:1::{number:x}"}
                stranger = await Client.open(server.ws_url, headers=client)
                waiting.push_async_callback(stranger.close)
            seen = []
            for address in ("2001:db8:0:1:f::9", "2001:db8:0:2::9"):
                headers = [("Origin", server.url), ("X-Forwarded-For", address)]
                seen.append((await shake(server.port, headers=headers))[0])
            assert seen == [429, 101]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1:2::3", "2001:db8:0:1::/64"),
        ("2001:DB8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_an_address_is_counted_as_what_one_customer_has(address: str, counted: str) -> None:
    assert network_of(address) == counted


@pytest.mark.servers
async def test_a_user_who_logs_in_without_end_closes_with_4429(small: Server) -> None:
    codes = set()
    for _ in range(20):
        client = await Client.open(small.ws_url, token=token_for(STAFF))
        first = await client.until_first()
        if not isinstance(first, int) and first["type"] == "error":
            assert first["data"]["code"] == "rate_limited"
            codes.add(await client.until_closed())
        await client.close()
    assert codes == {CloseCode.RATE_LIMITED}
    bob, _ = await connect(small, BOB)
    await bob.close()


@pytest.mark.servers
async def test_all_sockets_of_a_user_share_what_the_user_may_ask() -> None:
    with node(WS_MAX_MESSAGES_PER_SECOND_PER_USER="10", DEBUG="1") as server:
        phone, _ = await connect(server, ALICE)
        laptop, _ = await connect(server, ALICE)
        bob, _ = await connect(server, BOB)
        async with phone, laptop, bob:
            for client in (phone, laptop):
                for _ in range(35):
                    await client.send({"type": "ping"})
            answers = [
                (await client.receive())["type"] for client in (phone, laptop) for _ in range(35)
            ]
            assert answers.count("pong") < 60
            assert "error" in answers
            await bob.send({"type": "ping"})
            await bob.receive("pong")


@pytest.mark.servers
async def test_the_sockets_of_a_user_are_counted_over_all_nodes(
    postgres: Postgres, redis: Redis, serve: Callable[..., Server]
) -> None:
    env = {
        "DATABASE_URL": postgres.database("counted"),
        "REDIS_URL": redis.url,
        "WS_MAX_CONNECTIONS_PER_USER": "2",
    }
    here, there = serve(env=env, migrate=True), serve(env=env, migrate=False)
    await asyncio.to_thread(here.manage, "shell", "-v0", "-c", USERS)
    first, _ = await connect(here, ALICE)
    bob, _ = await connect(here, BOB)
    later = [(await connect(there, ALICE))[0] for _ in range(2)]
    assert await first.until_closed(timeout=10) == CloseCode.TOO_MANY_CONNECTIONS
    for client in (*later, bob):
        await client.send({"type": "ping"})
        await client.receive("pong")
        await client.close()


@pytest.mark.servers
async def test_a_thousand_silent_connections_keep_nobody_out() -> None:
    with node(HTTP_HEADER_SECONDS="2") as server:
        silent = []
        for number in range(1000):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            if number % 2:
                writer.write(b"GET /ws/notifications HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgra")
            silent.append((reader, writer))
        client, _ = await connect(server, ALICE)
        await client.close()
        # And they are not kept for ever.
        async with asyncio.timeout(20):
            for reader, _ in silent:
                with suppress(ConnectionError):
                    assert await reader.read() == b""
        for _, writer in silent:
            writer.close()


@pytest.mark.servers
@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_the_gate_stands_on_other_servers_too(kind: Kind) -> None:
    env = {"DEBUG": "1", "WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS": "0.01"}
    with Server(kind, env=env, prepare=USERS) as server:
        status, _ = await shake(server.port, headers=[("Origin", "https://evil.example")])
        assert status == 403
        two = [("Origin", server.url), ("Origin", "https://evil.example")]
        assert (await shake(server.port, headers=two))[0] in {400, 403}
        assert (await shake(server.port, headers=[("Origin", server.url)]))[0] == 101
        seen = [(await shake(server.port, headers=NOBODY))[0] for _ in range(20)]
        assert seen[-1] in {403, 429}  # ASGI has no other refusal than 403 without an extension


def test_buckets_of_those_who_left_are_not_kept() -> None:
    buckets = Buckets(rate=1, burst=2)
    for second in range(100):
        for number in range(100):
            assert buckets.take((second, number), float(second))
    assert len(buckets) < 3000


def test_a_bucket_is_not_forgotten_while_it_counts() -> None:
    buckets = Buckets(rate=0.001, burst=1)
    start = time.monotonic()
    assert buckets.take("me", start)
    for number in range(5000):
        buckets.take(number, start + 1)
    assert not buckets.take("me", start + 2)


@pytest.mark.servers
@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /admin/login/ HTTP/1.1\r\nHost: " + b"eyJ" * 34_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"eyJ" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431),
        (offer(80, headers=[("Cookie", "a" * 40_000)]), 431),
        (b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 300000000\r\n\r\n", 413),
        (
            b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + (b"ffff\r\n" + b"x" * 65535 + b"\r\n") * 100,
            413,
        ),
    ],
    ids=["host", "url", "handshake", "length", "chunks"],
)
async def test_a_request_beyond_all_bounds_is_refused_in_words(
    served: Server, request_: bytes, status: int
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(request_)
    async with asyncio.timeout(10 * PATIENCE):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["status"] == status
    assert served.request("GET", "/healthz").status == 200
