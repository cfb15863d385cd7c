"""Take the pictures of the chart with alerts, of the console's market, and of prices gone stale."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.e2e import visitor
from tests.e2e.conftest import demo_server
from tests.e2e.screenshots_centre import keep_picture, looks
from tests.e2e.test_chart import Scripted
from tests.services.server import Server

SYMBOL = "BTC-USD"
# Of each alert: what it waits for, how far from the price, and its note.
ALERTS = (("price_above", "1.0008", "Sell half"), ("price_below", "0.9992", ""))


async def take(browser: Browser, folder: Path, *, every: bool) -> None:
    """Take those of the docs; `every` takes the others too: by night, and on a phone."""
    with demo_server(SIMULATE_MARKET="1") as server:
        await asyncio.to_thread(_set_alerts, server)
        for suffix, size, scheme in looks(every=every):
            context = await browser.new_context(
                viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
            )
            page = await context.new_page()
            await page.goto(f"{server.url}/market/{SYMBOL}")
            await page.locator("#demo-users button", has_text="Amina").click()
            await expect(page.locator(".alert-handle").first).to_be_visible()
            await page.mouse.move(0, 0)  # away from the candles
            await page.wait_for_timeout(3000)  # so that the newest candle has a body
            await keep_picture(await page.screenshot(full_page=True), folder / f"chart{suffix}.png")
            if every:
                await _take_others(page, server, folder, suffix)
                await _take_stale(context, server, folder / f"chart-stale{suffix}.png")
            await context.close()


async def _take_others(page: Page, server: Server, folder: Path, suffix: str) -> None:
    """The refusal of an alert, and the panel of the console."""
    await page.locator("#alert [name=threshold]").fill("1")
    await page.locator("#alert-send").click()
    await expect(page.locator("#alert-fire")).to_be_visible()
    picture = await page.locator(".alerts").screenshot()
    await keep_picture(picture, folder / f"alert-form{suffix}.png")
    await page.goto(f"{server.url}/ws/test")
    await page.get_by_role("button", name=SYMBOL, exact=True).click()
    await expect(page.locator(".alert-handle").first).to_be_visible()
    await page.wait_for_timeout(3000)
    await keep_picture(
        await page.screenshot(full_page=True), folder / f"console-market{suffix}.png"
    )


async def _take_stale(context: BrowserContext, server: Server, path: Path) -> None:
    """A price that its source no longer confirms."""
    scripted = Scripted()
    await scripted.begin(context)
    page = await context.new_page()
    await page.goto(f"{server.url}/market/{SYMBOL}")
    await page.locator("#demo-users button", has_text="Amina").click()
    await expect(page.locator("#name")).to_have_text("Bitcoin")
    as_of = "2026-03-02T09:00:00.000Z"
    scripted.quote(price="64171.80", feed="stale", source="kraken", as_of=as_of)
    await expect(page.locator("#feed")).to_have_text("Stale")
    await keep_picture(await page.screenshot(), path)


def _set_alerts(server: Server) -> None:
    token = visitor.token_of(server, "amina")
    path = f"/api/v1/quotes?symbols={SYMBOL}"
    [quote] = server.request("GET", path, token=token).json()
    for kind, factor, note in ALERTS:
        threshold = f"{Decimal(quote['price']) * Decimal(factor):.2f}"
        body = {"symbol": SYMBOL, "kind": kind, "threshold": threshold, "note": note}
        answer = server.request("POST", "/api/v1/price-alerts", json=body, token=token)
        assert answer.status == 201, answer
