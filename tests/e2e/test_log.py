"""The console's log: a message costs the same with 50,000 kept, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.visitor import Visitor, Work, visit
from tests.services.server import Server

MARKET_MOVES = False  # the server says nothing by itself
SOURCE = """
async () => {
    const {link} = await import("/static/realtime/console/main.js");
    document.querySelector("#log-clear").click();
    window.made = 0;
    window.make = (count) => {
        for (; count > 0; count--) {
            made++;
            const message = {type: "notification", stream: "user:9", offset: made,
                data: {type: "system", priority: "low", title: "Row", message: `Row ${made}`}};
            link.dispatchEvent(new CustomEvent("entry", {detail: {direction: "in", message,
                text: JSON.stringify(message), flag: "", at: new Date()}}));
        }
    };
}
"""
STREAM = """
(messages) => new Promise((done) => {
    const step = () => {
        make(10);
        messages -= 10;
        if (messages > 0) requestAnimationFrame(step);
        else requestAnimationFrame(() => requestAnimationFrame(done));
    };
    step();
})
"""


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, demo: Server) -> AsyncIterator[Visitor]:
    """A visitor without a connection: the test says what the log hears."""
    visitor = await visit(browser, demo, "Brian")
    await visitor.page.locator("#connect").click()
    await expect(visitor.page.locator("#status")).to_contain_text("Not connected")
    await visitor.page.evaluate(SOURCE)
    yield visitor
    assert visitor.complaints == []


@pytest.fixture
def page(visitor: Visitor) -> Page:
    return visitor.page


async def shown(page: Page) -> list[str]:
    return await page.locator("#log li:not([hidden]) .log-summary").all_inner_texts()


async def test_a_message_costs_the_same_with_fifty_thousand_kept(page: Page) -> None:
    meter = await Work.of(page)
    work: dict[int, float] = {}
    for kept in (500, 50_000):
        await page.evaluate("(kept) => make(kept - made)", kept)
        await expect(page.locator("#log")).to_contain_text(f"Row {kept}")
        earlier = await meter.seconds()
        await page.evaluate(STREAM, 1000)
        work[kept] = await meter.seconds() - earlier
    print(json.dumps({"work_s": work}))
    assert work[50_000] < 3 * work[500]
    made = await page.evaluate("made")
    await expect(page.locator("#log")).to_contain_text(f"Row {made}")
    assert await page.locator("#log li").count() < 100
    rows = [int(text.rpartition(" ")[2]) for text in await shown(page)]
    assert rows == list(range(rows[0], made + 1))
    # While one reads further up, what one reads stays where it is.
    await page.locator("#log").hover()
    await page.mouse.wheel(0, -5000)
    await expect(page.locator("#log-latest")).to_be_visible()
    before = await shown(page)
    await page.evaluate("make(300)")
    await expect(page.locator("#log-latest")).to_have_text("300 new ↓")
    assert await shown(page) == before
    await page.locator("#log-latest").click()
    await expect(page.locator("#log")).to_contain_text(f"Row {made + 300}")


async def test_pausing_loses_nothing_and_the_export_has_all(page: Page, tmp_path: Path) -> None:
    await page.evaluate("make(1000)")
    await expect(page.locator("#log")).to_contain_text("Row 1000")
    await page.locator("#log-pause").click()
    await page.evaluate("make(2000)")
    await expect(page.locator("#log-pause")).to_have_text("Resume (2,000)")
    assert (await shown(page))[-1].endswith("Row 1000")
    await page.locator("#log-pause").click()
    await expect(page.locator("#log")).to_contain_text("Row 3000")
    async with page.expect_download() as downloading:
        await page.locator("#log-export").click()
    await (await downloading.value).save_as(tmp_path / "log.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["message"]["offset"] for line in lines] == list(range(1, 3001))
    assert {line["direction"] for line in lines} == {"in"}


async def test_one_row_in_fifty_thousand_is_found(page: Page) -> None:
    await page.evaluate("make(50_000)")
    await page.locator("#log-text").fill("row 31415")
    await expect(page.locator("#log li:not([hidden]) .log-summary")).to_have_count(1)
    assert (await shown(page))[0].endswith("Row 31415")
    await page.locator("#log-text").fill("no such thing")
    await expect(page.locator("#log-empty")).to_have_text("Nothing matches the filter.")
    await page.locator("#log-text").fill("")
    await expect(page.locator("#log")).to_contain_text("Row 50000")


async def test_the_keyboard_moves_and_opens(page: Page) -> None:
    await page.evaluate("make(500)")
    await expect(page.locator("#log")).to_contain_text("Row 500")  # which the next frame draws
    await page.locator("#log").focus()
    await page.keyboard.press("End")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    detail = page.locator("#log-detail")
    await expect(detail).to_contain_text('"Row 499"')
    await page.keyboard.press("Home")
    chosen = page.locator('#log [aria-selected="true"]')
    await expect(chosen).to_contain_text("Row 1")
    assert await page.locator("#log").get_attribute("aria-activedescendant") == (
        await chosen.get_attribute("id")
    )
    await page.keyboard.press("PageDown")
    await expect(chosen).not_to_have_attribute("aria-posinset", "1")
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Raw").click()
    await expect(detail.locator("pre")).to_contain_text('{"type":"notification"')
    await page.keyboard.press("Escape")
    await expect(detail).to_be_hidden()
    await expect(page.locator("#log")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(detail).to_be_visible()
    await page.keyboard.press("Escape")  # while the list itself has the focus
    await expect(detail).to_be_hidden()
