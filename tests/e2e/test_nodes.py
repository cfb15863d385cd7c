"""The same on PostgreSQL and Redis, with each customer's browser on another node."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.e2e.test_console import STAFF
from tests.e2e.visitor import token_of, visit
from tests.services.admin import Admin
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server


async def test_an_act_of_support_on_one_node_shows_on_the_other(
    browser: Browser, postgres: Postgres, redis: Redis
) -> None:
    """Slow: it migrates a database of its own and starts two servers."""
    env = {
        "DEBUG": "1",
        "DATABASE_URL": postgres.migrated("browsers"),
        "REDIS_URL": redis.url,
        # Far longer than this test waits: what arrives came through the layer.
        "WS_RECONCILE_SECONDS": "600",
    }
    with Server(env=env) as one, Server(env=env, migrate=False) as other:
        one.manage("seed_demo")
        support = Admin(one.url, *STAFF)
        amina = await visit(browser, other, "Amina")
        brian = await visit(browser, one, "Brian")
        [txn, *_] = one.request(
            "GET", "/api/v1/transactions?status=pending", token=token_of(one, "amina")
        ).json()
        before, unmoved = await amina.unread(), await brian.unread()
        support.act("/admin/ledger/transaction/", "complete", txn["id"])
        row = amina.page.locator("#transactions li", has_text=txn["reference"])
        await expect(row).to_contain_text("Completed")
        await expect(amina.page.locator("#bell .badge")).to_have_text(str(before + 1))
        assert await brian.unread() == unmoved
        one.manage("announce", "On every node", "m")
        for visitor in (amina, brian):
            await expect(visitor.page.locator("#banners")).to_contain_text("On every node")
            assert visitor.complaints == []
