"""Take the pictures of the docs from the running product: `python -m tests.e2e.screenshots`.

It starts a server with the demo's data and a moving market, logs in as its customer, lets some
things happen, and writes `docs/images/*.png`. `--every` takes each page also in the dark and on a
phone, to look at.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.e2e import (
    screenshots_centre,
    screenshots_charts,
    screenshots_market,
    screenshots_operation,
    screenshots_pay,
    visitor,
)
from tests.e2e.conftest import ARGUMENTS, chromium
from tests.e2e.pictures import keep
from tests.services import environment, reaper
from tests.services.server import Server

FOLDER = environment.ROOT / "docs" / "images"
DESK, PHONE = (1440, 900), (390, 844)
HAPPENS = """
from decimal import Decimal
from hoardrun.ledger.models import Transaction
from hoardrun.ledger.services import transaction_move
from notifications.services import notification_create
for txn in Transaction.objects.filter(account__user_id=1, status="pending")[:1]:
    transaction_move(to="completed", txn_id=txn.pk)
notification_create(user_id=1, title="New sign-in", type="security", priority="high",
    message="Your account was opened on a new phone in Kampala. Was this you?")
"""
PICTURES = ("console", "centre", "market", "pay", "charts", "operation", "board")
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


async def log_in(browser: Browser, server: Server, name: str, size: tuple[int, int],
                 scheme: Scheme) -> Page:  # fmt: skip
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        device_scale_factor=2 if size == PHONE else 1,
    )
    page = await context.new_page()
    await page.goto(f"{server.url}/ws/test")
    await visitor.log_in(page, name)
    return page


async def happen(page: Page, server: Server) -> None:
    """Let the page receive something, and the market move for a while."""
    await asyncio.to_thread(server.shell, HAPPENS)
    await expect(page.locator("#log")).to_contain_text("New sign-in")
    await expect(page.locator(".toast")).to_have_count(0, timeout=15_000)
    await page.wait_for_timeout(8000)  # so that the sparklines have something to show


async def take(browser: Browser, folder: Path) -> None:
    """Take those of the console and the bell."""
    with Server(env={"DEBUG": "1", "SIMULATE_MARKET": "1"}) as server:
        server.manage("seed_demo")
        assert visitor.token_of(server, "staff")
        pages = {
            f"console-{scheme}": await log_in(browser, server, "Amina", DESK, scheme)
            for scheme in SCHEMES
        }
        pages["console-phone"] = await log_in(browser, server, "Amina", PHONE, "light")
        pages["console-staff"] = await log_in(browser, server, "Staff", DESK, "dark")
        pages["bell"] = await log_in(browser, server, "Amina", PHONE, "dark")
        await happen(pages["console-light"], server)
        row = pages["console-light"].locator("#log li", has_text="transaction_update").last
        await row.click()
        await pages["bell"].locator("#bell .bell").click()
        await expect(pages["bell"].locator("#bell .note").first).to_be_visible()
        staff = pages["console-staff"]
        await staff.locator("#staff-fold > summary").click()
        await staff.locator("#staff").scroll_into_view_if_needed()
        await staff.wait_for_timeout(3000)  # the nodes report every two seconds
        for name, page in pages.items():
            await asyncio.to_thread(keep, await page.screenshot(), folder / f"{name}.png")


async def _take(folder: Path, only: str | None, *, every: bool) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        if only in {None, "console"}:
            await take(browser, folder)
        if only in {None, "centre"}:
            await screenshots_centre.take(browser, folder, every=every)
        if only in {None, "market"}:
            await screenshots_market.take(browser, folder, every=every)
        if only in {None, "pay"}:
            await screenshots_pay.take(browser, folder, every=every)
        if only in {None, "charts"}:
            await screenshots_charts.take(browser, folder, every=every)
        if only in {None, "operation"}:
            await screenshots_operation.take(browser, folder, every=every)
        if only in {None, "board"}:
            await screenshots_operation.take_board(browser, folder, every=every)
        await browser.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--every", action="store_true", help="Also in the dark and on a phone.")
    parser.add_argument("--only", choices=PICTURES)
    arguments = parser.parse_args()
    environment.prepare()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_take(arguments.folder, arguments.only, every=arguments.every))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        reaper.close()
