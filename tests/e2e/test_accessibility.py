"""axe finds nothing serious or critical in our pages by WCAG 2.2, levels A and AA."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.visitor import log_in, log_in_to_admin, notify
from tests.services.server import Server

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
RUN = """async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];
    const only = { runOnly: tags, resultTypes: ["violations"] }; // of others it names one node
    const { violations } = await axe.run(document, only);
    return violations.filter(({impact}) => ["serious", "critical"].includes(impact));
}"""
# A button that has just been enabled has, for a frame, the colour of a disabled one.
SETTLED = "() => Promise.allSettled(document.getAnimations().map(({finished}) => finished))"
OPEN = "() => { for (const fold of document.querySelectorAll('details')) fold.open = true; }"
# Django's own: its tables within forms scroll on a phone and hold nothing that takes the
# focus, and the select2 that it ships gives its box no name.
OF_DJANGO = ("scrollable-region-focusable: ['#", "aria-input-field-name: ")
SCREENS: dict[str, tuple[tuple[int, int], Literal["light", "dark"]]] = {
    "light": ((1440, 900), "light"),
    "dark": ((1440, 900), "dark"),
    "phone": ((390, 844), "light"),
    "phone-dark": ((390, 844), "dark"),
}
OF_STAFF = ("light", "phone-dark")  # each width and each scheme once


@pytest.fixture(scope="module")
def demo(demo: Server) -> Server:
    notify(demo, "amina", "A notification", priority="urgent")
    notify(demo, "amina", "رسالة", message="كل شيء على ما يرام", type="security")
    demo.manage("announce", "Maintenance", "Tonight.", "--severity", "maintenance")
    return demo


async def findings(page: Page) -> list[str]:
    """Each finding in a line: the rule, and where."""
    await page.evaluate(AXE)
    await page.evaluate(SETTLED)
    found: list[dict[str, Any]] = await page.evaluate(RUN)
    return [
        f"{rule['id']}: {node['target']} {[why['message'] for why in node['any']][:1]}"
        for rule in found
        for node in rule["nodes"]
    ]


@asynccontextmanager
async def screen(browser: Browser, name: str) -> AsyncIterator[Page]:
    (width, height), scheme = SCREENS[name]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    yield await context.new_page()


@pytest.mark.parametrize("name", SCREENS)
async def test_the_console(browser: Browser, demo: Server, name: str) -> None:
    async with screen(browser, name) as page:
        await page.goto(f"{demo.url}/ws/test")
        found = {"login": await findings(page)}
        await log_in(page, "Staff")
        for view in ("live", "connect", "log"):
            if name.startswith("phone"):
                await page.locator(f"[data-tab={view}]").click()
            if view == "connect":
                await page.locator("#staff-fold > summary").click()
                await expect(page.locator("#staff-nodes td").first).to_be_visible()
                await page.evaluate(OPEN)
            if view == "log":
                await page.locator("#log li[role=option]").first.click()
            found[view] = await findings(page)
        assert {view: rows for view, rows in found.items() if rows} == {}


@pytest.mark.parametrize("name", SCREENS)
async def test_the_bell_with_what_a_customer_has(browser: Browser, demo: Server, name: str) -> None:
    async with screen(browser, name) as page:
        await page.goto(f"{demo.url}/ws/test")
        await log_in(page, "Amina")
        await expect(page.locator("#balances article")).to_have_count(3)
        await expect(page.locator("#market tr").first).to_be_visible()
        assert await findings(page) == []
        await page.locator("#bell .bell").click()
        await expect(page.locator("#bell .note").first).to_be_visible()
        assert await findings(page) == []
        await page.get_by_role("button", name="Settings", exact=True).click()
        settings = page.get_by_role("dialog", name="Notification settings")
        await settings.get_by_role("button", name="Savings", exact=True).click()
        await page.get_by_role("button", name="Add quiet hours").click()
        await expect(page.get_by_role("group", name="Quiet hours 1")).to_be_visible()
        assert await findings(page) == []


ADMIN = (
    "/admin/login/",
    "/admin/",
    "/admin/notifications/announcement/",
    "/admin/notifications/announcement/add/",
    "/admin/notifications/announcement/1/change/",
    "/admin/notifications/notification/",
    "/admin/notifications/notification/add/",
    "/admin/notifications/notification/1/change/",
    "/admin/notifications/mailing/",
    "/admin/notifications/channels/",
    "/admin/notifications/texts/",
    "/admin/notifications/texts/transaction.debit/",
    "/admin/notifications/delivery/",
    "/admin/payments/statements/",
    "/admin/payments/providerfee/add/",
    "/admin/ledger/account/",
    "/admin/ledger/account/1/change/",
    "/admin/ledger/transaction/",
    "/admin/ledger/transaction/1/change/",
    "/admin/market/instrument/",
    "/admin/market/quote/",
    "/admin/market/rates/",
    "/admin/realtime/charts/",
    "/admin/realtime/connection/",
    "/admin/realtime/event/",
    "/admin/auth/user/2/delete/",
)


@pytest.mark.parametrize("name", OF_STAFF)
async def test_the_admin(browser: Browser, demo: Server, name: str) -> None:
    """Slow: axe looks at each rule on each element of all these pages."""
    async with screen(browser, name) as page:
        await page.goto(f"{demo.url}/admin/login/")
        found = {"login": await findings(page)}
        await log_in_to_admin(page, demo)
        for path in ADMIN[1:]:
            answer = await page.goto(demo.url + path)
            assert answer and answer.ok, path
            found[path] = await findings(page)
        assert _ours(found) == {}


def _ours(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the pages with findings that are not Django's own."""
    ours = {
        path: [row for row in rows if not row.startswith(OF_DJANGO)] for path, rows in found.items()
    }
    return {path: rows for path, rows in ours.items() if rows}


# A debit whose push has arrived and whose SMS has failed, and one whose ladder goes on.
TRACED = """
from django.contrib.auth.models import User
from tests.notifications.delivery.support import NUMBER, acked, address, committed
from tests.notifications.trace.support import called, debit, heard, sms
from notifications.addresses.values import address_hash
amina = User.objects.get(username="amina")
row, to = debit(amina), address(amina, "sms", NUMBER, hash=address_hash("sms", NUMBER))
acked(amina, row)
for rung, channel, state in ((0, "push", "delivered"), (1, "sms", "failed")):
    one = sms(row, to=to, rung=rung, channel=channel, state=state)
    called(one, "refused" if state == "failed" else "accepted")
    heard(one, state)
print(row.pk, committed(amina, "transaction.failed").pk)
"""


@pytest.fixture(scope="module")
def traced(demo: Server) -> list[str]:
    return demo.shell(TRACED).split()


@pytest.mark.parametrize("name", OF_STAFF)
async def test_the_page_why(browser: Browser, demo: Server, traced: list[str], name: str) -> None:
    why = f"{demo.url}/admin/notifications/notification"
    async with screen(browser, name) as page:
        await log_in_to_admin(page, demo)
        found = {}
        for number in traced:
            await page.goto(f"{why}/{number}/why/?content=1")
            await expect(page.get_by_role("heading", name="Ladder", exact=True)).to_be_visible()
            await expect(page.get_by_role("button", name="Send again")).to_be_visible()
            found[number] = await findings(page)
        # Each of the two forms has a reason of its own, with its own label.
        for act in ("Send it again", "Stop its ladder"):
            form = page.locator("form", has=page.get_by_role("heading", name=act))
            await expect(form.get_by_label("Reason")).to_have_count(1)
        await page.goto(f"{why}/why/?user=amina")
        await expect(page.get_by_role("link", name=f"#{traced[0]} ")).to_be_visible()
        found["a user"] = await findings(page)
        await page.get_by_label("Phone or e-mail").fill("+256772000001")
        await page.get_by_role("button", name="Search").nth(1).click()
        await expect(page.get_by_role("heading", name="What went to")).to_be_visible()
        found["an address"] = await findings(page)
        assert _ours(found) == {}


# An announcement that SMS follow: the one to amina has failed, and the authors have no number.
FOLLOWED = """
from django.conf import settings
from django.contrib.auth.models import User
from tests.notifications.fallbacks.support import due
from tests.notifications.trace.support import called, heard
from notifications.delivery.fallback import advance_due
from notifications.models import Delivery
settings.CHANNELS = {
    "SMS_PROVIDERS": ("africastalking",), "SMS_COUNTRIES": ("UG",),
    "AFRICASTALKING_USERNAME": "acme", "AFRICASTALKING_API_KEY": "key",
}
after = due()
while advance_due():
    pass
one = Delivery.objects.get(announcement=after.pk, user__username="amina")
called(one, "accepted")
heard(one, "failed")
Delivery.objects.filter(pk=one.pk).update(state="failed", attempts=1, failed_at=one.created_at)
print(after.pk)
"""


@pytest.fixture(scope="module")
def followed(demo: Server, traced: list[str]) -> str:
    """Return the announcement; amina has a number since `traced`."""
    return demo.shell(FOLLOWED).strip()


@pytest.mark.parametrize("name", OF_STAFF)
async def test_the_page_why_of_an_announcement(
    browser: Browser, demo: Server, followed: str, name: str
) -> None:
    why = f"{demo.url}/admin/notifications/announcement"
    async with screen(browser, name) as page:
        await log_in_to_admin(page, demo)
        found = {}
        for number in ("1", followed):  # the first one has no SMS
            await page.goto(f"{why}/{number}/why/")
            await expect(page.get_by_role("heading", name="One user")).to_be_visible()
            found[number] = await findings(page)
        for user, answer in (("amina", "What happened"), ("author", "author")):
            await page.get_by_role("textbox", name="User").fill(user)
            await page.get_by_role("button", name="Look").click()
            await expect(page.get_by_role("heading", name=answer, exact=True)).to_be_visible()
            found[user] = await findings(page)
        await page.get_by_role("textbox", name="User").fill("nobody")
        await page.get_by_role("button", name="Look").click()
        await expect(page.get_by_text("There is no user of that name or id.")).to_be_visible()
        found["nobody"] = await findings(page)
        assert _ours(found) == {}


# A payment that is held, and one on which a second person is to decide.
PAYMENTS = """
from django.conf import settings
from django.contrib.auth.models import User
from hoardrun.ledger.models import Account
from hoardrun.payments.staff import decision_ask
from tests.hoardrun.payments.calling.support import set_up
from tests.hoardrun.payments.queue.support import held
settings.PAYMENTS = set_up("https://provider.example")
account = Account.objects.filter(user__username="amina", currency="UGX", status="active").first()
row, asked = held(account), held(account)
erin = User.objects.create_user("erin.of.payments", is_staff=True)
decision_ask(payment_id=asked.pk, action="accept", why="It is there.", staff_id=erin.pk)
print(row.pk, asked.pk)
"""


@pytest.fixture(scope="module")
def waiting(demo: Server) -> list[str]:
    return demo.shell(PAYMENTS).split()


@pytest.mark.parametrize("name", OF_STAFF)
async def test_the_payments_that_wait_for_staff(
    browser: Browser, demo: Server, waiting: list[str], name: str
) -> None:
    queue = f"{demo.url}/admin/payments/queue"
    async with screen(browser, name) as page:
        await log_in_to_admin(page, demo)
        await page.goto(f"{queue}/")
        held = page.get_by_role("link", name="UGX 5,000, collect by mtn")
        await expect(held.first).to_be_visible()
        found = {"list": await findings(page)}
        await page.goto(f"{queue}/{waiting[1]}/")
        await expect(page.get_by_role("button", name="Approve")).to_be_visible()
        found["decide"] = await findings(page)
        await page.goto(f"{queue}/{waiting[0]}/?content=1")
        await page.evaluate(OPEN)
        found["ask"] = await findings(page)
        form = page.locator("form", has=page.get_by_role("heading", name="Ask for an action"))
        await form.get_by_label("Reject").check()
        await form.get_by_label("Reason").fill("Nothing came.")
        await form.get_by_role("button", name="Ask").press("Enter")
        await expect(page.get_by_role("button", name="Take it back")).to_be_visible()
        await page.get_by_role("button", name="Take it back").click()
        await expect(page.get_by_role("heading", name="Decided before")).to_be_visible()
        found["taken back"] = await findings(page)
        assert _ours(found) == {}
