"""The console page on a phone: everything is within its width, by day and by night."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.visitor import Visitor, broadcast, log_in, log_in_to_admin
from tests.services.server import Server

BRIGHT = """() => {
    const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g);
    return (Number(red) + Number(green) + Number(blue)) / 3 > 127;
}"""
LONG = "Wartungsarbeiten" * 4  # one word, wider than the screen
RENAME = f"""
from hoardrun.ledger.models import Account
account = Account.objects.filter(user__username="amina").first()
account.name = "{LONG}"
account.save()
"""
WIDER = """() => [...document.querySelectorAll("body *")]
    .filter((node) => node.checkVisibility())
    .filter((node) => node.getBoundingClientRect().right + scrollX > innerWidth + 1)
    .map((node) => `${node.tagName}.${node.className} ${node.textContent}`.slice(0, 80))"""


@pytest.fixture(scope="module")
def demo(demo: Server) -> Server:
    demo.shell(RENAME)
    return demo


async def fits(page: Page) -> None:
    """Raise AssertionError when the page can be moved sideways."""
    await page.evaluate("scrollTo(1000, 0)")
    wide, moved, window = await page.evaluate(
        "[document.documentElement.scrollWidth, scrollX, innerWidth]"
    )
    culprits = await page.evaluate(WIDER)
    assert (wide <= window, moved, window) == (True, 0, 390), f"{wide} pixels wide: {culprits}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_is_wider_than_a_phone(
    browser: Browser, demo: Server, scheme: Literal["light", "dark"]
) -> None:
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True
    )
    visitor = await Visitor.open(context, f"{demo.url}/ws/test")
    page = visitor.page
    await expect(page.locator("#demo-users button", has_text="Amina")).to_be_visible()
    assert await page.evaluate(BRIGHT) == (scheme == "light")
    await fits(page)
    await log_in(page, "Amina")
    await expect(page.locator("#balances article")).to_have_count(3)
    await expect(page.locator("#market tr").first).to_be_visible()
    await asyncio.to_thread(broadcast, demo, "announcement", title=LONG, message=LONG)
    await expect(page.locator(".banner", has_text=LONG).first).to_be_visible()
    for tab in ("live", "connect", "log"):
        await page.locator(f".tabs [data-tab={tab}]").tap()
        await fits(page)
    assert visitor.complaints == []


ADMIN = (
    "/admin/",
    "/admin/ledger/account/",
    "/admin/ledger/account/{account}/change/",
    "/admin/ledger/transaction/",
    "/admin/ledger/transaction/{txn}/change/",
    "/admin/ledger/transaction/{side}/change/",
    "/admin/ledger/transaction/add/",
)
CARRY = f"""
from django.contrib.auth.models import User
from hoardrun.ledger import actors, services
from hoardrun.ledger.models import Account
from realtime import log_context
root = User.objects.get(username="root")
user = User.objects.get(username="amina")
closed, other = (
    services.account_open(user_id=user.pk, currency="KES", name="{LONG}", opening_balance=900)
    for _ in range(2)
)
by = actors.staff(root.pk)
log_context.work.set(log_context.Work("r" * 64))
create = dict(account_id=closed.pk, type="payment", direction="outbound", amount=400)
txn = services.transaction_create(**create, description="{LONG}", reference="{LONG}", by=by).txn
mpesa = actors.provider("mpesa", evidence="e" * 200)
services.transaction_move(txn_id=txn.pk, to="completed", by=mpesa)
Account.objects.filter(pk=closed.pk).update(status="closed")
services.transaction_move(to="reversed", txn_id=txn.pk, reason="{LONG} " * 3, by=by, onto=other.pk)
pending = services.transaction_create(**{{**create, "account_id": other.pk}}, by=by).txn
side = txn.account.transactions.exclude(counterpart=None).get()
print(closed.pk, pending.pk, side.pk, txn.pk)
"""


async def test_no_page_of_the_ledgers_admin_is_wider_than_a_phone(
    browser: Browser, demo: Server
) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    visitor = await Visitor.open(context, f"{demo.url}/admin/login/")
    page = visitor.page
    await log_in_to_admin(page, demo)
    out = await asyncio.to_thread(demo.shell, CARRY)
    account, pending, side, txn = out.split()
    for path in ADMIN:
        for number in (pending, txn) if "{txn}" in path else (pending,):
            await page.goto(f"{demo.url}{path.format(account=account, txn=number, side=side)}")
            await fits(page)
    assert visitor.complaints == []
