"""The product, end to end: what two customers see of the work of support and services.

Real server processes and real WebSocket clients, embedded and on PostgreSQL with Redis.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal

import pytest

from tests.nodes import connect
from tests.services.admin import Admin
from tests.services.ports import wait_until
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = pytest.mark.servers

AMINA = ("amina", "amina-demo-pass")
BRIAN = ("brian", "brian-demo-pass")
STAFF = ("staff", "staff-demo-pass")


@dataclass
class Setup:
    """The node of each customer, and the one of staff."""

    amina: Server
    brian: Server
    support: Admin


@pytest.fixture(scope="module", params=["embedded", "two nodes on PostgreSQL and Redis"])
def product(request: pytest.FixtureRequest) -> Iterator[Setup]:
    with ExitStack() as stack:
        if request.param == "embedded":
            one = other = stack.enter_context(Server(env={"DEBUG": "1"}))
        else:
            postgres: Postgres = request.getfixturevalue("postgres")
            redis: Redis = request.getfixturevalue("redis")
            env = {
                "DEBUG": "1",
                "DATABASE_URL": postgres.migrated("scenario"),
                "REDIS_URL": redis.url,
                # Far longer than this test waits: what arrives came through the layer.
                "WS_RECONCILE_SECONDS": "600",
            }
            one = stack.enter_context(Server(env=env))
            other = stack.enter_context(Server(env=env, migrate=False))
        one.manage("seed_demo")
        yield Setup(amina=one, brian=other, support=Admin(one.url, *STAFF))


def token_of(server: Server, username: str, password: str) -> str:
    return server.log_in(username, password)["access"]


def reached(product: Setup) -> dict[str, int]:
    """Read the announcements' titles and how many sockets each reached, as support sees them."""
    page = product.support.get("/admin/notifications/announcement/")
    titles = re.findall(r"field-title[^>]*><a [^>]*>([^<]*)</a>", page)
    counts = re.findall(r"field-reached[^>]*>(\d+) sockets<", page)
    return dict(zip(titles, map(int, counts), strict=False))


async def test_a_completed_transaction_reaches_its_owner_alone_with_balance_and_bell(
    product: Setup,
) -> None:
    amina_token, brian_token = token_of(product.amina, *AMINA), token_of(product.brian, *BRIAN)
    pending = product.amina.request(
        "GET", "/api/v1/transactions?status=pending&limit=50", token=amina_token
    ).json()
    txn = pending[0]
    account = next(
        account
        for account in product.amina.request("GET", "/api/v1/accounts", token=amina_token).json()
        if account["id"] == txn["account_id"]
    )
    amina = await connect(product.amina, amina_token)
    brian = await connect(product.brian, brian_token)
    async with amina, brian:
        unread = (await amina.receive("notification_counts"))["data"]["unread"]
        await brian.receive("notification_counts")
        await asyncio.to_thread(
            product.support.act, "/admin/ledger/transaction/", "complete", txn["id"]
        )
        balance = await amina.receive("balance_update")
        update = await amina.receive("transaction_update")
        notification = await amina.receive("notification")
        counts = await amina.receive("notification_counts")
        assert update["data"]["id"] == txn["id"]
        assert update["data"]["status"] == "completed"
        sign = 1 if txn["direction"] == "inbound" else -1
        after = Decimal(account["current_balance"]) + sign * Decimal(txn["amount"])
        assert Decimal(balance["data"]["current_balance"]) == after
        assert balance["data"]["account_id"] == account["id"]
        assert notification["data"]["metadata"]["transaction_id"] == txn["id"]
        assert counts["data"]["unread"] == unread + 1
        offsets = [message["offset"] for message in (balance, update, notification)]
        assert offsets == list(range(offsets[0], offsets[0] + 3))
        before = len(brian.journal)
        await brian.expect_nothing(0.5)
        assert brian.journal[before:] == []


async def test_notifications_missed_offline_arrive_once_and_in_order(product: Setup) -> None:
    token = token_of(product.amina, *AMINA)
    staff = token_of(product.amina, *STAFF)
    amina = await connect(product.amina, token)
    greeting = amina.greeting
    stream = next(name for name in greeting["positions"] if name.startswith("user:"))
    since = {
        "user": greeting["positions"][stream]["offset"],
        "announcements": greeting["positions"]["announcements"]["offset"],
    }
    await amina.close()
    titles = ["First", "Second", "Third"]
    for title in titles:
        answer = product.brian.request(
            "POST",
            "/api/v1/notifications",
            json={"user_id": greeting["user_id"], "title": title, "message": "m"},
            token=staff,
        )
        assert answer.status == 201, answer
    # She comes back to the other node.
    back = await connect(product.brian, token, since=since, epoch=greeting["epoch"])
    async with back:
        missed = [await back.receive("notification") for _ in titles]
        assert [message["data"]["title"] for message in missed] == titles
        first = since["user"] + 1
        assert [message["offset"] for message in missed] == [first, first + 1, first + 2]
        await back.expect_nothing(0.5, type="notification")


async def test_an_announcement_from_the_admin_reaches_all_customers(product: Setup) -> None:
    amina = await connect(product.amina, token_of(product.amina, *AMINA))
    brian = await connect(product.brian, token_of(product.brian, *BRIAN))
    async with amina, brian:
        await asyncio.to_thread(product.support.announce, "Planned maintenance")
        for client in (amina, brian):
            message = await client.receive("system_announcement")
            assert message["data"]["title"] == "Planned maintenance"
            assert message["data"]["severity"] == "maintenance"
    await asyncio.to_thread(
        wait_until,
        lambda: reached(product) == {"Planned maintenance": 2},
        seconds=20,  # nodes report every two seconds
        what="the announcement has reached both",
    )
