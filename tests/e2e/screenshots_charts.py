"""Take the pictures of the admin's charts, of two nodes over two weeks that were made up."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.e2e import visitor
from tests.e2e.screenshots_centre import DESK, keep_picture, looks, new_page
from tests.services.server import Server

# People wake and sleep; node b is killed for a while, and the database once keeps a lock.
MADE_UP = """
import math, random
from realtime import clock
from realtime.models import NodeMinute
chance, rows = random.Random(7), []
now = int(clock.now().timestamp() // 60)
for ago in range(14 * 1440, -4, -1):  # while the pictures are taken, too
    day = 0.55 - 0.45 * math.cos((now - ago) % 1440 / 1440 * 2 * math.pi)
    for node in ("a", "b"):
        if node == "b" and 600 < ago < 640 or node == "b" and 22 < ago < 27:
            continue
        crowd = 1.9 if node == "a" and (600 < ago < 640 or 22 < ago < 27) else 1
        people = int(9000 * day * crowd * (1 + chance.gauss(0, 0.006)))
        slow = 30 if 300 < ago < 306 or 41 < ago < 44 else 1
        rows.append(NodeMinute(
            node=node, host=f"web-{node}", pid=812, minute=now - ago, seconds=60,
            connections=people, users=int(people * 0.86),
            opened=people // 55 + (4000 if crowd > 1 else 0) * (ago in (639, 26)),
            closed=people // 55, slow_closed=int(chance.random() < 0.04) * slow,
            messages_in=people * 4, messages_out=people * 9, published=people // 3,
            delivered=people // 2, delivery_p50_ms=4.1 * (1 + chance.random() / 5) * slow ** 0.5,
            delivery_p99_ms=17 * (1 + chance.random()) * slow, resyncs=int(chance.random() < 0.01),
            found_late=3 * int(chance.random() < 0.005), dropped=0,
            queue_bytes=int(20000 * chance.random() ** 4 * slow),
            lag_ms=1.1 * (1 + chance.random()) * slow ** 0.4, rss_mb=96 + people * 0.0151,
        ))
NodeMinute.objects.bulk_create(rows, 1000)
"""


async def take(browser: Browser, folder: Path, *, every: bool) -> None:
    """Take the page of all nodes; `every` also takes the other spans, the dark and a phone."""
    with Server() as server:
        await asyncio.to_thread(server.shell, MADE_UP)
        for suffix, size, scheme in looks(every=every):
            page = await new_page(browser, size, scheme)
            await visitor.log_in_to_admin(page, server)
            for span in ("24h", "1h", "14d") if every else ("24h",):
                await page.goto(f"{server.url}/admin/realtime/charts/?span={span}")
                await expect(page.locator(".series-plot canvas").first).to_be_visible()
                await page.wait_for_timeout(1000)  # it draws
                name = "charts" if span == "24h" else f"charts-{span}"
                picture = await page.screenshot(full_page=size != DESK)
                await keep_picture(picture, folder / f"{name}{suffix}.png")
            if every:
                await _others(page, server, folder, suffix)
            await page.context.close()


async def _others(page: Page, server: Server, folder: Path, suffix: str) -> None:
    """Take one node, and a node of which nothing is known."""
    for name, query in (("node", "span=24h&node=b"), ("empty", "span=1h&node=nobody")):
        await page.goto(f"{server.url}/admin/realtime/charts/?{query}")
        if name == "node":
            await expect(page.locator(".series-plot canvas").first).to_be_visible()
            await page.locator(".series-fold summary").click()
            await page.locator("#series-at").focus()
            await page.keyboard.press("Home")
        await page.wait_for_timeout(1000)
        picture = await page.screenshot(full_page=True)
        await keep_picture(picture, folder / f"charts-{name}{suffix}.png")
