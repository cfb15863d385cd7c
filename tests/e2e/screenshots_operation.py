"""Take the pictures of what operators see: traces, users, own devices, Prometheus' page."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.deploy.busy import busy
from tests.deploy.outside import exporter
from tests.e2e import visitor
from tests.e2e.conftest import SEED
from tests.e2e.screenshots_centre import (
    BRAND,
    DESK,
    HAPPENS,
    SHOWS_AMOUNTS,
    at_console,
    keep_picture,
    looks,
    new_page,
)
from tests.services.prometheus import Prometheus
from tests.services.server import Server

# A phone that reads too slowly, comes back, and a desktop that filters.
TRACE = """
from datetime import timedelta
from notifications.models import Escalation
from realtime import clock
from realtime.models import Cursor, Departure, Event, Stream
row = Escalation.objects.filter(user=1, kind="transaction.debit").latest("pk")
at, offset, name = row.committed_at, row.event_offset, "user:1"
def second(n):
    return at + timedelta(seconds=n)
def gone(key, device, code, opened, closed, written, acked, *notes, queued=0):
    Departure.objects.create(
        connection_id=key, user_id=1, device=device, device_class=device, code=code,
        opened_at=second(opened), closed_at=second(closed), written={name: written},
        acked={name: acked}, node="8f2c11d04ab7", queued=queued,
        notes=[{"stream": name, **note} for note in notes])
gone("5b1f", "phone", 4503, -1800, 4, offset, offset - 2,
    {"kind": "live", "before": offset - 3}, queued=61_440)
gone("9c04", "phone", 1001, 5, 9, offset, offset,
    {"kind": "replayed", "before": offset - 2, "to": offset})
gone("11aa", "desktop", 1001, -600, 8, offset, offset, {"kind": "live", "before": offset - 4},
    {"kind": "filter", "before": offset - 3, "types": ["market"]})
stream = Stream.objects.get(name=name)
Cursor.objects.create(user_id=1, device="phone", stream=stream, epoch=stream.epoch, acked=offset)
Cursor.objects.filter(user=1, device="phone").update(updated_at=second(6))
print(f"{name}:{offset}")
"""
# Further devices of Amina's, and when others were last here.
DEVICES = """
from datetime import timedelta
from django.contrib.auth.models import User
from realtime import clock
from realtime.models import Departure
for number, name in enumerate(User.objects.exclude(pk=1).order_by("pk")[:2]):
    at = clock.now() - timedelta(hours=3 + 40 * number)
    Departure.objects.create(connection_id=f"seen-{number}", user=name, device="phone",
        device_class="phone", code=1001, opened_at=at - timedelta(minutes=9), closed_at=at)
"""
AGENTS = (
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile",
    "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0",
)
MINUTES = 5  # of load behind the pictures of Prometheus' page


async def take(browser: Browser, folder: Path, *, every: bool) -> None:
    """Take all of them; `every` also takes pages that fail or are empty, the dark and a phone."""
    with tempfile.TemporaryDirectory() as var:
        env = {"DEBUG": "1", "DJANGO_SETTINGS_MODULE": "tests.e2e.settings"}
        env |= {"ESCALATION_TIME_SCALE": "60", "VAR_DIR": var, **BRAND}
        with Server("demo", env=env, prepare=SEED) as server:
            await asyncio.to_thread(server.shell, SHOWS_AMOUNTS + HAPPENS + DEVICES)
            await _traces(browser, server, folder, every=every)
            await _people(browser, server, folder, every=every)


async def _traces(browser: Browser, server: Server, folder: Path, *, every: bool) -> None:
    event = (await asyncio.to_thread(server.shell, TRACE)).strip()
    asked = {"trace": event}
    if every:
        asked |= {"trace-user": "user:1", "trace-none": "", "trace-wrong": "user:1:99999"}
        asked |= {"trace-absent": "user:2:1", "trace-nobody": "user:3", "trace-odd": "what"}
    for suffix, size, scheme in looks(every=every):
        page = await new_page(browser, size, scheme)
        await visitor.log_in_to_admin(page, server)
        for name, about in asked.items():
            await page.goto(f"{server.url}/admin/realtime/trace/?q={about}")
            for fold in await page.locator(".trace-sockets summary").all():
                if size != DESK:
                    await fold.click()
            whole = name != "trace-user"  # a long list, which is too large
            picture = await page.screenshot(full_page=whole)
            await keep_picture(picture, folder / f"{name}{suffix}.png")
        await page.context.close()


async def _people(browser: Browser, server: Server, folder: Path, *, every: bool) -> None:
    """The users as staff sees them, and the devices of one as she does."""
    others = [await _other(browser, server, agent) for agent in AGENTS]
    for suffix, size, scheme in looks(every=every):
        page = await at_console(browser, server, "Amina", size, scheme)
        if size != DESK:
            await page.locator("[data-tab=connect]").click()
        await page.wait_for_timeout(3000)  # the node reports every two seconds
        await page.locator("#devices-fold > summary").click()
        await expect(page.locator("#devices .device").nth(2)).to_be_visible()
        box = page.locator("#devices-fold")
        await box.scroll_into_view_if_needed()
        await keep_picture(await box.screenshot(), folder / f"devices{suffix}.png")
        admin = await new_page(browser, size, scheme)
        await visitor.log_in_to_admin(admin, server)
        await admin.goto(f"{server.url}/admin/auth/user/")
        if size == DESK:
            await admin.locator("#toggle-nav-sidebar").click()
        content = await admin.locator("#content").screenshot()
        await keep_picture(content, folder / f"users{suffix}.png")
        if every:
            await admin.goto(f"{server.url}/admin/auth/user/?seen=hour&is_staff__exact=1")
            picture = await admin.screenshot(full_page=True)
            await keep_picture(picture, folder / f"users-none{suffix}.png")
        await admin.context.close()
        await page.context.close()
    for page in others:
        await page.context.close()


async def _other(browser: Browser, server: Server, agent: str) -> Page:
    context = await browser.new_context(user_agent=agent)
    page = await context.new_page()
    await page.goto(f"{server.url}/ws/test")
    await visitor.log_in(page, "Amina")
    return page


async def take_board(browser: Browser, folder: Path, *, every: bool) -> None:
    """Take Prometheus' page of two nodes that are under load for some minutes."""
    with (
        tempfile.TemporaryDirectory() as var,
        busy(Path(var), "pictured") as world,
        exporter(Path(var) / "hoardrun.prom") as machine,
    ):
        prometheus = Prometheus(world.ports, machines=[machine])
        try:
            await asyncio.sleep(MINUTES * 60)
            await pictures_of_board(browser, prometheus, folder, every=every)
        finally:
            prometheus.stop()


async def pictures_of_board(
    browser: Browser, prometheus: Prometheus, folder: Path, *, every: bool
) -> None:
    for suffix, size, scheme in looks(every=every):
        page = await new_page(browser, size, scheme)
        await page.goto(prometheus.page)
        await page.locator("[name=span]").select_option("900")
        await expect(page.locator("figure svg").nth(8)).to_be_visible()
        await page.wait_for_timeout(3000)  # it draws all of them
        await keep_picture(await page.screenshot(), folder / f"board{suffix}.png")
        if every:
            await page.evaluate(
                "document.querySelectorAll('details').forEach(row => row.open = true)"
            )
            await page.wait_for_timeout(5000)
            for number, row in enumerate(await page.locator("details").all()):
                await keep_picture(await row.screenshot(), folder / f"board-{number}{suffix}.png")
        await page.context.close()
