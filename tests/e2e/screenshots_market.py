"""Take the pictures of the chart with alerts, of the console's market, and of prices not live."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.e2e import visitor
from tests.e2e.conftest import demo_server
from tests.e2e.market import SYMBOL, Scripted, candle
from tests.e2e.screenshots_centre import keep_picture, looks
from tests.services.server import Server

# Of each alert: what it waits for, how far from the price, and its note.
ALERTS = (("price_above", "1.0008", "Sell half"), ("price_below", "0.9992", ""))

# By feed, what the price says of itself.
NOT_LIVE = {
    "stale": {"symbol": SYMBOL, "price": "64171.80", "source": "kraken", "window": "rolling_24h",
        "change_percent": "-1.28"},
    "closed": {"symbol": "AAPL", "price": "208.10", "source": "alpaca", "status": "closed",
        "window": "session", "change_percent": "0.98"},
    "halted": {"symbol": "AAPL", "price": "208.10", "source": "alpaca", "status": "halted",
        "window": "session", "change_percent": "0.98"},
    "delayed": {"symbol": "SCOM", "price": "27.75", "currency": "KES", "source": "nse",
        "status": "closed", "window": "session", "change_percent": "-2.29"},
}  # fmt: skip


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
            await context.close()
            for feed, shown in NOT_LIVE.items() if every else ():
                context = await browser.new_context(
                    viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
                )
                page = await _at_price(context, server, feed, **shown)
                path = folder / f"chart-{feed}{suffix}.png"
                await keep_picture(await page.screenshot(), path)
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
    size = page.viewport_size
    assert size
    await page.set_viewport_size({"width": size["width"], "height": 3600})  # all of each panel
    for name, part in {"market": ".boards > :last-child", "chart": "#instrument"}.items():
        picture = await page.locator(part).screenshot()
        await keep_picture(picture, folder / f"console-{name}{suffix}.png")


async def _at_price(
    context: BrowserContext, server: Server, feed: str, *, symbol: str, price: str, **quote: str
) -> Page:
    """Show a price of which its feed says that it is not live."""
    candles = _walk(float(price))
    scripted = Scripted({"": {"candles": candles, "next": None}})
    await scripted.begin(context)
    page = await context.new_page()
    await page.goto(f"{server.url}/market/{symbol}")
    await page.locator("#demo-users button", has_text="Amina").click()
    await expect(page.locator("#status")).to_have_attribute("data-state", "online")
    await expect(page.locator("#legend")).to_contain_text("close")
    as_of = str(candles[-1]["time"])
    await page.mouse.move(0, 0)
    scripted.quote(symbol=symbol, price=price, feed=feed, as_of=as_of, **quote)
    await expect(page.locator("#feed")).to_have_text(feed.capitalize())
    return page


def _walk(end: float) -> list[dict[str, object]]:
    """Make up candles that end at a price, the same each time."""
    steps, price = random.Random(7), end
    found = []
    for minute in reversed(range(150)):
        before = price * (1 + steps.gauss(0, 0.0006))
        high = max(before, price) * (1 + abs(steps.gauss(0, 0.0003)))
        low = min(before, price) * (1 - abs(steps.gauss(0, 0.0003)))
        texts = {"open": before, "high": high, "low": low, "close": price}
        numbers = {name: f"{number:.2f}" for name, number in texts.items()}
        found.append(candle(minute) | numbers | {"volume": f"{abs(steps.gauss(2, 1)):.8f}"})
        price = before
    return found[::-1]


def _set_alerts(server: Server) -> None:
    token = visitor.token_of(server, "amina")
    path = f"/api/v1/quotes?symbols={SYMBOL}"
    [quote] = server.request("GET", path, token=token).json()
    for kind, factor, note in ALERTS:
        threshold = f"{Decimal(quote['price']) * Decimal(factor):.2f}"
        body = {"symbol": SYMBOL, "kind": kind, "threshold": threshold, "note": note}
        answer = server.request("POST", "/api/v1/price-alerts", json=body, token=token)
        assert answer.status == 201, answer
