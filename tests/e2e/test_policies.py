"""The pages work under their policies: Chromium refuses nothing that they are made of."""

from __future__ import annotations

import asyncio
import re

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, expect

from tests.e2e.visitor import Visitor, log_in_to_admin
from tests.services.server import Server


def refused(visitor: Visitor) -> list[str]:
    """List what the browser complained of, but for answers that are errors by design."""
    return [text for text in visitor.complaints if not re.search(r"a status of 40[34]", text)]


@pytest_asyncio.fixture(loop_scope="session")
async def staff(browser: Browser, demo: Server) -> Visitor:
    """A superuser, logged in to the admin."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    visitor = await Visitor.open(context, f"{demo.url}/admin/")
    await log_in_to_admin(visitor.page, demo)
    return visitor


async def test_the_admin_works_under_its_policy(staff: Visitor, demo: Server) -> None:
    page = staff.page
    lists = page.locator("#content-main tr:not([class*=model-page]) th a")
    links = await lists.evaluate_all("all => all.map(a => a.href)")
    assert len(links) > 8
    for link in links:
        await page.goto(link)
        await expect(page.locator("#changelist")).to_be_visible()
        first = page.locator("#result_list tbody th a").first
        if await first.count():
            await first.click()
            await expect(page.locator("#content h1")).to_be_visible()
        answer = await page.goto(f"{link}add/")
        assert answer is not None
        assert answer.status in {200, 403}
    assert refused(staff) == []


async def test_pages_of_the_admin_beside_its_lists_work_too(staff: Visitor, demo: Server) -> None:
    page = staff.page
    for path in ("channels/", "texts/", "texts/transaction.debit/?locale=fr"):
        await page.goto(f"{demo.url}/admin/notifications/{path}")
        await expect(page.locator("#content h1")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    frame = page.frame_locator("iframe[title*=dark]").first
    await expect(frame.locator("h1")).to_be_visible()
    await expect(frame.locator("body")).to_have_css("background-color", "rgb(16, 20, 19)")
    assert refused(staff) == []


MINUTES = """
from realtime import clock
from tests.realtime.minutes import stored_minute
now = int(clock.now().timestamp() // 60)
for ago, sockets in ((3, 10), (2, 20), (1, 30)):
    stored_minute(now - ago, node="made-up", connections=sockets, lag_ms=sockets / 10)
"""


async def test_all_charts_show_the_moment_that_the_keyboard_chooses(
    staff: Visitor, demo: Server
) -> None:
    await asyncio.to_thread(demo.shell, MINUTES)
    page = staff.page
    await page.goto(f"{demo.url}/admin/realtime/charts/?node=made-up")
    sockets, lag = (
        page.locator(f"[data-line={name}] strong") for name in ("connections", "lag_ms")
    )
    await expect(sockets).to_have_text("30")
    drawn = page.get_by_role("img", name="sockets: last 30, highest 30")
    await expect(drawn.locator("canvas").first).to_be_visible()
    await page.get_by_label("Moment").press("ArrowLeft")
    await expect(sockets).to_have_text("20")
    await expect(lag).to_have_text("2")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert refused(staff) == []


async def test_the_scripts_of_the_admin_run(staff: Visitor, demo: Server) -> None:
    page = staff.page
    await page.goto(f"{demo.url}/admin/auth/user/")
    await page.locator("#action-toggle").click()  # which checks all others
    checked = page.locator("input.action-select:checked")
    assert await checked.count() == await page.locator("input.action-select").count() > 1
    await expect(page.locator(".action-counter")).to_contain_text("of")
    await page.locator(".theme-toggle").first.click()
    await expect(page.locator("html")).to_have_attribute("data-theme", re.compile("light|dark"))
    await page.locator("#result_list tbody th a").first.click()
    await expect(page.locator(".selector-chosen").first).to_be_visible()  # made by a script
    assert await page.locator("link[rel=stylesheet]").count() > 1
    assert await page.evaluate("getComputedStyle(document.querySelector('#header')).display") == (
        "flex"
    )
    assert refused(staff) == []


@pytest.mark.parametrize("path", ["/api/docs", "/ws/test", "/nothing", "/admin/login/"])
async def test_a_page_is_refused_nothing(context: BrowserContext, demo: Server, path: str) -> None:
    visitor = await Visitor.open(context, demo.url + path)
    page = visitor.page
    if path == "/api/docs":
        await expect(page.locator(".opblock").first).to_be_visible()
        await page.locator(".opblock-summary-control").first.click()
    await page.wait_for_load_state("networkidle")
    assert refused(visitor) == []
