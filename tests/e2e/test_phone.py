"""The console page on a phone: everything is within its width, by day and by night."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.visitor import Visitor
from tests.services.server import Server

BRIGHT = """() => {
    const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g);
    return (Number(red) + Number(green) + Number(blue)) / 3 > 127;
}"""


async def fits(page: Page) -> None:
    """Raise AssertionError when the page can be moved sideways."""
    await page.evaluate("scrollTo(1000, 0)")
    wide, moved, window = await page.evaluate(
        "[document.documentElement.scrollWidth, scrollX, innerWidth]"
    )
    assert (wide <= window, moved, window) == (True, 0, 390), f"{wide} pixels wide"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_is_wider_than_a_phone(
    browser: Browser, demo: Server, scheme: Literal["light", "dark"]
) -> None:
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True
    )
    visitor = await Visitor.open(context, f"{demo.url}/ws/test")
    page = visitor.page
    amina = page.locator("#demo-users button", has_text="Amina")
    await expect(amina).to_be_visible()
    assert await page.evaluate(BRIGHT) == (scheme == "light")
    await fits(page)
    await amina.click()
    await expect(page.locator("#status")).to_contain_text("Connected")
    await expect(page.locator("#balances article")).to_have_count(3)
    await expect(page.locator("#market tr").first).to_be_visible()
    for tab in ("live", "connect", "log"):
        await page.locator(f".tabs [data-tab={tab}]").tap()
        await fits(page)
    assert visitor.complaints == []
    await context.close()
