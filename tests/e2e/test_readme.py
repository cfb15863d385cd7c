"""The README's snippet works as pasted."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Browser, ConsoleMessage

from tests.services.environment import ROOT
from tests.services.server import Server


def snippet() -> str:
    found = re.search(r"```js\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found, "README has no JavaScript"
    return found[1]


async def test_the_snippet_logs_in_connects_subscribes_and_receives_prices(
    browser: Browser, demo: Server
) -> None:
    page = await browser.new_page()
    said: list[str] = []
    arrived = asyncio.Event()

    def heard(message: ConsoleMessage) -> None:
        if message.type != "log":
            return  # the browser's own words, such as a page without an icon
        said.append(message.text)
        if message.text.startswith("market_update"):
            arrived.set()

    page.on("console", heard)
    await page.goto(f"{demo.url}/healthz")
    pasted = snippet().replace("127.0.0.1:8000", f"127.0.0.1:{demo.port}")
    assert demo.url.removeprefix("http://") in pasted
    await page.evaluate(f"(async () => {{ {pasted} }})()")
    async with asyncio.timeout(20):
        await arrived.wait()
    kinds = [text.split()[0] for text in said]
    assert kinds[0] == "connection_established"
    assert {"subscription_updated", "room_joined", "market_update"} <= set(kinds)
    assert "error" not in kinds
