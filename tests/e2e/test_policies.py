"""The pages work under their policies: Chromium refuses nothing that they are made of."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from tests.services.server import Server


class Watched:
    """A page, and what its policy made the browser refuse."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.refused: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.refused.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if re.search(r"Content Security Policy|Refused to", message.text):
            self.refused.append(f"{self.page.url}: {message.text}")


@pytest_asyncio.fixture(loop_scope="session")
async def staff(browser: Browser, demo: Server) -> Watched:
    """A superuser, logged in to the admin."""
    demo.manage(
        "shell",
        "-v0",
        "-c",
        "from django.contrib.auth.models import User as U;"
        "u, _ = U.objects.get_or_create(username='root', is_staff=True, is_superuser=True);"
        "u.set_password('a-pass-for-root'); u.save()",
    )
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    watched = Watched(await context.new_page())
    await watched.page.goto(f"{demo.url}/admin/")
    await watched.page.fill("#id_username", "root")
    await watched.page.fill("#id_password", "a-pass-for-root")
    await watched.page.click("input[type=submit]")
    await expect(watched.page.locator("#content h1")).to_contain_text("Support")
    return watched


async def test_the_admin_works_under_its_policy(staff: Watched, demo: Server) -> None:
    page = staff.page
    links = await page.locator("#content-main th a").evaluate_all("all => all.map(a => a.href)")
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
    assert staff.refused == []


async def test_the_scripts_of_the_admin_run(staff: Watched, demo: Server) -> None:
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
    assert staff.refused == []


@pytest.mark.parametrize("path", ["/api/docs", "/ws/test", "/nothing", "/admin/login/"])
async def test_a_page_is_refused_nothing(browser: Browser, demo: Server, path: str) -> None:
    context = await browser.new_context()
    watched = Watched(await context.new_page())
    await watched.page.goto(demo.url + path)
    if path == "/api/docs":
        await expect(watched.page.locator(".opblock").first).to_be_visible()
        await watched.page.locator(".opblock-summary-control").first.click()
    await watched.page.wait_for_load_state("networkidle")
    assert watched.refused == []
