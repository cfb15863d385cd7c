"""A visitor at the chart page, and a server that says of the market what a test says."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Browser, BrowserContext, Page, Route, WebSocketRoute, expect

from tests.e2e.visitor import Visitor
from tests.services.server import Server

SYMBOL = "BTC-USD"
NEWEST = "from"  # what has changed since a time is asked for, and no page
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def at_chart(
    browser: Browser, demo: Server, *, context: BrowserContext | None = None, symbol: str = SYMBOL
) -> Visitor:
    """Log in at the chart page as Amina."""
    context = context or await browser.new_context(viewport={"width": 1440, "height": 900})
    visitor = await Visitor.open(context, f"{demo.url}/market/{symbol}")
    await visitor.page.locator("#demo-users button", has_text="Amina").click()
    await expect(visitor.page.locator("#status")).to_have_attribute("data-state", "online")
    await visitor.page.mouse.move(0, 0)  # away from the candles, one of which it would point at
    return visitor


async def price_of(page: Page) -> Decimal:
    """Read the newest price."""
    price = page.locator("#price")
    await expect(price).to_have_text(re.compile(r"^[\d,]+\.\d\d$"))
    return Decimal((await price.inner_text()).replace(",", ""))


def candle(minute: int, close: str = "100.00", **more: object) -> dict[str, object]:
    return {
        "time": (START + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z"),
        "open": "100.00",
        "high": "130.00",
        "low": "90.00",
        "close": close,
        "volume": "1.50000000",
        "trades": 3,
        "closed": True,
        "revision": 0,
        "indicative": False,
        "source": "kraken",
    } | more


class Scripted:
    """A server that says of the market what a test says, in any order; of all else the truth.

    `pages` are its answers by the cursor that is asked for, "" for none, and NEWEST has no candle;
    an answer waits for the event of its cursor in `held`. Messages of the types `withheld` are the
    test's alone.
    """

    def __init__(
        self,
        pages: dict[str, dict[str, object]] | None = None,
        *,
        withheld: Collection[str] = ("candle_update", "market_update"),
    ) -> None:
        self.pages = pages or {"": {"candles": [], "next": None}}
        self.withheld = withheld
        self.held: dict[str, asyncio.Event] = {}
        self.asked: list[str] = []
        self._socket: WebSocketRoute | None = None

    async def begin(self, context: BrowserContext) -> None:
        await context.route("**/api/v1/market/*/candles?*", self._answer)
        await context.route_web_socket("**/ws/notifications**", self._connect)

    async def _answer(self, route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        cursor = query.get("cursor", [""])[0]
        wants = NEWEST if "from" in query else cursor
        if wants in self.held:
            await self.held[wants].wait()
        page = {"candles": [], "next": None} if wants == NEWEST else self.pages[cursor]
        await route.fulfill(json=page)
        self.asked.append(cursor)

    def _connect(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(
            lambda text: None if json.loads(text)["type"] in self.withheld else socket.send(text)
        )

    def tell(self, candle: dict[str, object]) -> None:
        data = {"symbol": SYMBOL, "interval": "1m", "revised": False} | candle
        self._send("candle_update", f"candles:{SYMBOL}:1m", data)

    def quote(self, **quote: object) -> None:
        data = {"symbol": SYMBOL, "currency": "USD", "status": "open"} | quote
        self._send("market_update", f"market:{SYMBOL}", data)

    def _send(self, kind: str, room: str, data: dict[str, object]) -> None:
        assert self._socket
        envelope = {"type": kind, "room": room, "timestamp": "2026-03-02T09:00:00.000Z"}
        self._socket.send(json.dumps(envelope | {"data": data}))


def wide_candles() -> Scripted:
    """Answer candles so high that any price near Bitcoin's is in sight; quotes are the truth."""
    candles = [candle(minute, low="1000.00", high="100000.00") for minute in (12, 11, 10)]
    return Scripted({"": {"candles": candles, "next": None}}, withheld=("candle_update",))
