"""Handshakes that are refused early, and how little a stranger can cost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress

import pytest

from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, BOB, STAFF, USERS, connect, node, token_for
from tests.services.client import Client
from tests.services.handshake import shake, status_of
from tests.services.plugin import Serve
from tests.services.ports import PATIENCE
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Kind, Server

pytestmark = pytest.mark.servers
PATH = "/ws/notifications"
NOBODY = "Authorization", "Bearer nonsense"


def bearer(user_id: int) -> tuple[str, str]:
    return "Authorization", f"Bearer {token_for(user_id)}"


async def until_let_in(server: Server, *headers: tuple[str, str]) -> None:
    async with asyncio.timeout(5 * PATIENCE):
        while await status_of(server, *headers) != 101:
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def small() -> Iterator[Server]:
    """A node that takes few."""
    with node(
        WS_MAX_CONNECTIONS_PER_NODE="6",
        WS_MAX_ANONYMOUS_PER_ADDRESS="3",
        WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS="0.5",
        WS_MAX_LOGINS_PER_SECOND_PER_USER="0.1",
        WS_MAX_MESSAGES_PER_SECOND_PER_USER="10",
    ) as server:
        yield server


async def test_a_full_node_refuses_with_503_until_a_socket_leaves(small: Server) -> None:
    async with AsyncExitStack() as open_now:
        for number in range(6):
            client = await connect(small, (ALICE, BOB, STAFF)[number % 3])
            open_now.push_async_callback(client.close)
        status, headers, _ = await shake(small.port, headers=[bearer(ALICE)])
        assert status == 503
        assert 1 <= int(headers["retry-after"]) <= 10
        await client.close()
        await until_let_in(small, bearer(ALICE))


async def test_sockets_without_a_login_are_limited_by_address(small: Server) -> None:
    async with AsyncExitStack() as waiting:
        for _ in range(3):
            waiting.push_async_callback((await Client.open(small.ws_url)).close)
        own = ("Origin", small.url)
        assert await status_of(small, own) == 429
        client = await connect(small, BOB)  # with a token: no stranger
        await client.close()
    await until_let_in(small, own)


async def test_guessing_of_tokens_is_limited_by_the_real_address() -> None:
    with node(WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS="0.01") as server:
        seen = []
        for number in range(40):
            claimed = ("X-Forwarded-For", f"10.0.{number}.1")
            also = ("Forwarded", f"for=10.1.{number}.1")
            seen.append(await status_of(server, NOBODY, claimed, also))
        assert 429 in seen, "a bucket for each claimed address"
        assert seen[-1] == 429
        assert await status_of(server, bearer(ALICE)) == 429  # not checked, though it is good


@pytest.mark.parametrize("way", ["ticket", "message"])
async def test_guessing_of_tickets_and_in_messages_is_limited_too(way: str) -> None:
    with node(WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS="0.01") as server:
        for _ in range(10):
            query = {"ticket": "x" * 43} if way == "ticket" else None
            client = await Client.open(server.ws_url, query=query)
            if way == "message":
                await client.send({"type": "authenticate", "token": "nonsense"})
            assert await client.until_closed() == CloseCode.UNAUTHORIZED
        path = PATH + ("?ticket=abc" if way == "ticket" else "")
        assert await status_of(server, ("Origin", server.url), path=path) == 429
        assert await status_of(server, bearer(ALICE)) == 429


async def test_behind_a_trusted_proxy_each_client_has_its_own_limits() -> None:
    with node(
        WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS="0.01", TRUSTED_PROXIES="127.0.0.0/8"
    ) as server:
        for number in range(40):
            client = ("X-Forwarded-For", f"10.0.{number}.1")
            assert await status_of(server, NOBODY, client) == 101  # and then closed with 4401
        same = ("X-Forwarded-For", "10.0.0.1")
        assert 429 in [await status_of(server, NOBODY, same) for _ in range(20)]
        many = [("X-Forwarded-For", f"2001:db8:0:1::{number:x}") for number in range(20)]
        assert 429 in [await status_of(server, NOBODY, one) for one in many]
        assert await status_of(server, NOBODY, ("X-Forwarded-For", "2001:db8:0:2::1")) == 101


async def test_an_ipv6_network_is_limited_as_one_address() -> None:
    with node(WS_MAX_ANONYMOUS_PER_ADDRESS="3", TRUSTED_PROXIES="127.0.0.0/8") as server:
        async with AsyncExitStack() as waiting:
            for number in range(3):
                client = {"X-Forwarded-For": f"2001:db8:0:1::{number:x}"}
                stranger = await Client.open(server.ws_url, headers=client)
                waiting.push_async_callback(stranger.close)
            own = ("Origin", server.url)
            for address, status in (("2001:db8:0:1:f::9", 429), ("2001:db8:0:2::9", 101)):
                assert await status_of(server, own, ("X-Forwarded-For", address)) == status


async def test_a_user_who_logs_in_too_often_closes_with_4429(small: Server) -> None:
    codes = set()
    for _ in range(20):
        client = await Client.open(small.ws_url, token=token_for(STAFF))
        first = await client.until_next(10)
        assert first is not None
        if not isinstance(first, int) and first["type"] == "error":
            assert first["data"]["code"] == "rate_limited"
            codes.add(await client.until_closed())
        await client.close()
    assert codes == {CloseCode.RATE_LIMITED}
    bob = await connect(small, BOB)
    await bob.close()


async def test_all_sockets_of_a_user_share_one_rate() -> None:
    with node(WS_MAX_MESSAGES_PER_SECOND_PER_USER="4", DEBUG="1") as server:
        phone = await connect(server, ALICE)
        laptop = await connect(server, ALICE)
        bob = await connect(server, BOB)
        async with phone, laptop, bob:
            for client in (phone, laptop):
                for _ in range(35):
                    await client.send({"type": "ping"})
            answers = [
                (await client.receive())["type"] for client in (phone, laptop) for _ in range(35)
            ]
            assert answers.count("pong") < 60
            assert "error" in answers
            await bob.ping()


async def test_the_sockets_of_a_user_are_counted_over_all_nodes(
    postgres: Postgres, redis: Redis, serve: Serve
) -> None:
    env = {
        "DATABASE_URL": postgres.migrated("counted"),
        "REDIS_URL": redis.url,
        "WS_MAX_CONNECTIONS_PER_USER": "2",
    }
    here, there = serve(env=env, prepare=USERS), serve(env=env, migrate=False)
    first = await connect(here, ALICE)
    bob = await connect(here, BOB)
    later = [await connect(there, ALICE) for _ in range(2)]
    assert await first.until_closed(timeout=10) == CloseCode.TOO_MANY_CONNECTIONS
    for client in (*later, bob):
        await client.ping()
        await client.close()


async def test_a_thousand_silent_connections_keep_no_client_out() -> None:
    with node(HTTP_HEADER_SECONDS="2") as server:
        silent = []
        for number in range(1000):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            if number % 2:
                writer.write(b"GET /ws/notifications HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgra")
            silent.append((reader, writer))
        client = await connect(server, ALICE)
        await client.close()
        # And they are not kept for ever.
        async with asyncio.timeout(20):
            for reader, _ in silent:
                with suppress(ConnectionError):
                    assert await reader.read() == b""
        for _, writer in silent:
            writer.close()


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_other_servers_refuse_handshakes_too(kind: Kind) -> None:
    env = {"DEBUG": "1", "WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS": "0.01"}
    with Server(kind, env=env, prepare=USERS) as server:
        own, evil = ("Origin", server.url), ("Origin", "https://evil.example")
        assert await status_of(server, evil) == 403
        assert await status_of(server, own, evil) in {400, 403}
        assert await status_of(server, own) == 101
        seen = [(await shake(server.port, headers=[NOBODY]))[0] for _ in range(20)]
        assert seen[-1] in {403, 429}  # ASGI has no other refusal than 403 without an extension
