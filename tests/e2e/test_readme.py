"""The snippets of the README and of docs/wire.md work as pasted."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Browser, ConsoleMessage

from tests.services.environment import ROOT
from tests.services.server import Server

PAGES = [(ROOT / name).read_text() for name in ("README.md", "docs/wire.md")]
SNIPPETS = [text for page in PAGES for text in re.findall(r"```js\n(.*?)```", page, re.DOTALL)]


def test_there_is_one_with_the_client_and_one_without() -> None:
    assert ["Client" in text for text in SNIPPETS] == [True, False]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=["client", "plain"])
async def test_it_logs_in_connects_subscribes_and_receives_prices(
    snippet: str, browser: Browser, demo: Server
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
    await page.goto(f"{demo.url}/static/realtime/device.d.ts")  # a page without a policy
    pasted = snippet.replace("127.0.0.1:8000", f"127.0.0.1:{demo.port}")
    assert demo.url.removeprefix("http://") in pasted
    await page.evaluate(f"(async () => {{ {pasted} }})()")
    async with asyncio.timeout(20):
        await arrived.wait()
    kinds = [text.split()[0] for text in said]
    assert kinds[0] == "connection_established"
    expected = {"room_joined", "market_update"}
    if "Client" not in snippet:  # which subscribes with the handshake
        expected.add("subscription_updated")
    assert expected <= set(kinds)
    assert "error" not in kinds
