"""The panel "Server" of the console page: staff acts in one browser, customers see it in others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, expect

from realtime.protocol.codes import CloseCode
from tests.e2e.conftest import demo_server
from tests.e2e.visitor import AMINA_ID, HOSTILE, Visitor, log_in, set_hidden
from tests.services.client import Client
from tests.services.ports import PATIENCE
from tests.services.server import Server


class Desk(Visitor):
    """A user at the page, with the acts of the panel."""

    async def fold(self) -> None:
        """Open the panel, or close it."""
        await self.page.locator("#staff-fold > summary").click()

    async def choose(self, kind: str) -> None:
        await self.page.locator("#staff-kind").select_option(kind)

    async def fill(self, **fields: str) -> None:
        """Fill in fields of the form, wherever they are."""
        for name, value in fields.items():
            await self.page.locator(f"#staff-fields [name={name}]").fill(value)

    async def send(self, told: str = "") -> None:
        """Send what is in the form, and wait for what the panel says of it."""
        await self.page.locator("#staff-send").click()
        await self.is_told(told)

    async def is_told(self, text: str | re.Pattern[str]) -> None:
        await expect(self.page.locator("#staff-says")).to_contain_text(text)


async def open_page(browser: Browser, server: Server, name: str, *, clock: bool = False) -> Desk:
    """Log in at the console; `clock` lets the test stop the page's timers."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    if clock:
        await context.clock.install()
    desk = await Desk.open(context, f"{server.url}/ws/test")
    await log_in(desk.page, name)
    return desk


@pytest_asyncio.fixture(loop_scope="session")
async def amina(browser: Browser, demo: Server) -> AsyncIterator[Desk]:
    desk = await open_page(browser, demo, "Amina")
    yield desk
    assert desk.complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def staff(browser: Browser, demo: Server) -> AsyncIterator[Desk]:
    """A member of staff, with the panel open."""
    desk = await open_page(browser, demo, "Support Staff")
    await desk.fold()
    yield desk
    assert desk.complaints == []


async def test_a_notification_of_staff_reaches_its_customer_once(staff: Desk, amina: Desk) -> None:
    badge = amina.page.locator("#bell .badge")
    # Which are drawn with the count.
    await expect(amina.page.locator("#balances article").first).to_be_visible()
    before = int(await badge.inner_text() or 0)
    await staff.fill(user_id="amina", title="From the desk <b>x</b>")
    await staff.page.locator("#staff-send").dblclick()
    # The second click comes before or after the answer to the first.
    await staff.is_told(re.compile("Notification sent to|nothing was sent again"))
    await staff.send("nothing was sent again")
    await expect(badge).to_have_text(str(before + 1))
    await amina.page.locator("#bell .bell").click()
    shown = amina.page.locator("#bell .note", has_text="From the desk <b>x</b>")
    await expect(shown).to_have_count(1)
    await staff.page.locator("#staff-again").click()
    await staff.is_told("Notification sent to")
    await expect(shown).to_have_count(2)


async def test_a_transaction_update_of_staff_shows_in_the_customers_list(
    staff: Desk, amina: Desk
) -> None:
    await staff.choose("transaction")
    await staff.fill(user_id=str(AMINA_ID), id="txn-desk", description="Refund of the desk")
    await staff.send("Transaction sent to")
    row = amina.page.locator('#transactions li[data-transaction="txn-desk"]')
    await expect(row).to_contain_text("Refund of the desk")
    await expect(row).to_contain_text("Completed")


async def test_a_balance_update_of_staff_shows_on_the_customers_account(
    staff: Desk, amina: Desk
) -> None:
    card = amina.page.locator("#balances article", has_text="USD")
    account = await card.first.get_attribute("data-account")
    assert account
    await staff.choose("balance")
    await staff.fill(
        user_id=str(AMINA_ID),
        account_id=account,
        currency="USD",
        available_balance="77.25",
        current_balance="80.00",
    )
    await staff.send("Balance sent to")
    shown = amina.page.locator(f'#balances article[data-account="{account}"]')
    await expect(shown).to_contain_text("77.25")
    await expect(shown).to_contain_text("80.00 current")


async def test_a_market_tick_of_staff_shows_on_the_customers_board(
    staff: Desk, amina: Desk
) -> None:
    await expect(amina.page.locator("#joined")).to_contain_text("market_data")
    await staff.choose("market")
    await staff.fill(symbol="DESK-USD", price="4711.25")
    await staff.send("Market sent to the room market_data")
    await expect(amina.page.locator('#market tr[data-symbol="DESK-USD"]')).to_contain_text(
        "4,711.25"
    )


async def test_an_announcement_of_staff_shows_to_the_customer(staff: Desk, amina: Desk) -> None:
    await staff.choose("announcement")
    await staff.fill(title="The desk is closed")
    await staff.page.locator("#staff-fields [name=severity]").select_option("emergency")
    await staff.send("Announcement sent to everybody")
    await expect(amina.page.locator("#banners")).to_contain_text("The desk is closed")


async def test_an_error_of_the_api_shows_at_its_field(staff: Desk) -> None:
    await staff.choose("transaction")
    await staff.fill(user_id=str(AMINA_ID), currency="XYZ")
    await staff.send("Correct these fields: currency.")
    field = staff.page.locator("#staff-fields label", has_text="Currency")
    await expect(field).to_contain_text('"XYZ" is not a valid choice.')
    await staff.fill(currency="USD")
    await expect(field).not_to_contain_text("not a valid choice")
    [note] = staff.complaints  # the browser notes the answer
    assert "400" in note
    staff.complaints.clear()


async def test_a_customer_does_not_see_the_panel(amina: Desk) -> None:
    page = amina.page
    async with page.expect_response("**/api/v1/auth/me") as asked:
        await page.reload()
    assert (await (await asked.value).json())["is_staff"] is False
    await expect(page.locator("#status")).to_contain_text("Connected")
    await expect(page.locator("#send-title")).to_be_visible()
    await expect(page.locator("#staff")).to_be_hidden()


async def test_the_panel_goes_with_the_login_of_staff(staff: Desk) -> None:
    await expect(staff.page.locator("#staff-connections li").first).to_be_visible()
    await staff.page.locator("#logout").click()
    await log_in(staff.page, "Brian")
    await expect(staff.page.locator("#staff")).to_be_hidden()
    assert "Amina" not in (await staff.page.locator("#staff").text_content() or "")
    await expect(staff.page.locator("#staff-connections li")).to_have_count(0)


async def test_the_page_is_as_high_as_the_window_with_the_panel_open(staff: Desk) -> None:
    await expect(staff.page.locator("#staff-connections li").first).to_be_visible()
    heights = "[document.documentElement.scrollHeight, innerHeight]"
    tall, window = await staff.page.evaluate(heights)
    assert tall == window


async def test_the_nodes_are_shown_as_they_report(staff: Desk, amina: Desk) -> None:
    table = staff.page.locator("#staff-nodes")
    await expect(table.locator("thead th")).to_have_count(2)  # the names, and one node
    await expect(table.get_by_role("row", name="Connections")).to_contain_text("2")
    await expect(table.get_by_role("row", name="Users")).to_contain_text("2")
    await expect(staff.page.locator("#staff-rooms")).to_contain_text("market_data2")


async def test_staff_closes_a_customers_connection(staff: Desk, amina: Desk) -> None:
    await staff.page.locator("#staff-find-user").fill("amina")
    await staff.page.locator("#staff-find-user").press("Enter")
    rows = staff.page.locator("#staff-connections li")
    row = staff.page.locator("#staff-connections li", has_text="amina")
    await expect(row).to_have_count(1)
    await expect(rows).to_have_count(1)
    await row.get_by_role("button", name="Make it reconnect").click()
    await expect(amina.page.locator("#m-reconnects")).to_have_text("1")
    await expect(amina.page.locator("#status")).to_contain_text("Connected")
    await row.get_by_role("button", name="Close:").click()
    await expect(amina.page.locator("#status")).to_contain_text("Disconnected")
    await expect(amina.page.locator("#connection-says")).to_contain_text("4403")
    await expect(staff.page.locator("#staff-connections-none")).to_have_text(
        "amina is not connected."
    )


async def test_the_form_offers_names_and_refuses_an_unknown_one(
    staff: Desk, amina: Desk, demo: Server
) -> None:
    """Names are offered while the user types; an unknown one sends nothing."""
    name = staff.page.locator("#staff-fields [name=user_id]")
    await name.fill("ami")
    await expect(staff.page.locator("#staff-people option[value=amina]")).to_have_count(1)
    await name.fill("nobody-at-all")
    await staff.send("There is no user of this name.")
    await name.fill("AMINA")
    await staff.send("Notification sent to amina")
    create = "from django.contrib.auth.models import User; User.objects.create(username='Zawadi')"
    await asyncio.to_thread(demo.shell, create)
    await name.fill("Zawadi")
    await staff.send("Notification sent to Zawadi")


async def test_the_panel_opens_where_one_sees_it(staff: Desk) -> None:
    await expect(staff.page.locator("#staff-title")).to_be_in_viewport()
    await expect(staff.page.locator("#staff-send")).to_be_in_viewport()


async def test_the_panel_is_read_anew_when_the_page_is_shown_again(
    browser: Browser, demo: Server
) -> None:
    staff = await open_page(browser, demo, "Support Staff", clock=True)
    page = staff.page
    await staff.fold()
    rows = page.locator("#staff-connections li")
    await expect(rows.first).to_be_visible()
    await set_hidden(page, True)
    # All requests are answered, and no timer runs from here on.
    await page.wait_for_load_state("networkidle")
    await page.context.clock.pause_at(await page.evaluate("Date.now() / 1000 + 1"))
    other = await open_page(browser, demo, "Brian")
    row = page.locator("#staff-connections li", has_text="brian")
    await expect(row).to_have_count(0)
    await set_hidden(page, False)
    async with asyncio.timeout(15 * PATIENCE):
        while not await row.count():  # the node reports its connections every two seconds
            await set_hidden(page, False)
            await asyncio.sleep(0.1)
    for desk in (staff, other):
        assert desk.complaints == []


async def test_a_wrong_price_is_explained_in_words(staff: Desk) -> None:
    await staff.choose("market")
    await staff.fill(price="12,5")
    await staff.send()
    field = staff.page.locator("#staff-fields label", has_text="Price").first
    await expect(field).to_contain_text('Give a decimal as text, such as "45000.25".')
    assert await field.locator("input").get_attribute("title") is None
    await staff.fill(price="12.5")
    await expect(field).not_to_contain_text("Give a decimal")
    await staff.send("Market sent to")


async def test_text_from_a_client_is_shown_as_text(staff: Desk, demo: Server) -> None:
    token = (await asyncio.to_thread(demo.shell, _MALLORY)).strip()
    device = HOSTILE[:64]
    client = await Client.open(
        demo.ws_url, token=token, device=device, headers={"User-Agent": HOSTILE}
    )
    async with client:
        await client.receive("connection_established")
        row = staff.page.locator("#staff-connections li", has_text="onerror")
        await expect(row.locator("strong")).to_have_text(HOSTILE)
        await expect(row.locator(".clip")).to_have_text(HOSTILE)
        await expect(row.locator(".muted").last).to_contain_text(device)
        close = row.get_by_role("button", name="Close:")
        await expect(close).to_have_accessible_name(f"Close: {HOSTILE}, {device}")
        await close.click()
        await expect(staff.page.locator("#staff-connections-done")).to_contain_text(HOSTILE)
        assert await client.until_closed() == CloseCode.REVOKED
    assert await staff.page.evaluate("window.broken") is None
    assert await staff.page.locator("#staff img, #staff script").count() == 0


async def test_staff_without_rights_is_told_which_are_missing(browser: Browser) -> None:
    with demo_server() as server:
        server.shell(_NO_RIGHTS)
        desk = await open_page(browser, server, "Support Staff")
        page = desk.page
        await desk.fold()
        await expect(page.locator("#staff-waiting-says")).to_contain_text(
            "broadcasts.broadcast or broadcasts.approve_broadcast"
        )
        await expect(page.locator("#staff-connections-says")).to_contain_text(
            "realtime.view_connection"
        )
        await expect(page.locator("#staff-nodes-says")).to_contain_text("realtime.view_node")
        await desk.send("it takes broadcasts.broadcast")


async def test_a_broadcast_to_many_waits_for_approval(browser: Browser) -> None:
    with demo_server(BROADCAST_APPROVAL_AUDIENCE="0") as server:
        server.shell(_BRIAN_IS_STAFF)
        author = await open_page(browser, server, "Support Staff")
        await author.fold()
        await author.choose("announcement")
        await author.fill(title="For everybody")
        await author.send("waits for another person's approval")
        await author.send()  # once more, with the same key
        await expect(author.page.locator("#staff-waiting li")).to_have_count(1)
        await author.is_told("waits for another person's approval")
        own = author.page.locator("#staff-waiting li", has_text="For everybody")
        await expect(own.get_by_role("button", name="Approve")).to_be_disabled()
        approver = await open_page(browser, server, "Brian")
        await approver.fold()
        waiting = approver.page.locator("#staff-waiting li", has_text="For everybody")
        await waiting.get_by_role("button", name="Approve").click()
        await expect(approver.page.locator("#staff-waiting-done")).to_contain_text("approved")
        await expect(author.page.locator("#banners")).to_contain_text("For everybody")
        await author.is_told("Announcement sent to everybody.")
        await expect(approver.page.locator("#staff-waiting-none")).to_be_visible()
        await author.fill(title="For nobody")
        await author.send("waits for another person's approval")
        await approver.fold()
        await approver.fold()
        waiting = approver.page.locator("#staff-waiting li", has_text="For nobody")
        await waiting.get_by_role("button", name="Reject").click()
        await expect(approver.page.locator("#staff-waiting-done")).to_contain_text("rejected")
        await expect(approver.page.locator("#staff-waiting-none")).to_be_visible()
        assert "For nobody" not in await author.page.locator("#banners").inner_text()
        await author.is_told("It is rejected: nothing was sent.")
        [refused] = author.complaints  # the browser notes the answer
        assert "409" in refused
        author.complaints.clear()
        for desk in (author, approver):
            assert desk.complaints == []


_MALLORY = f"""
from django.contrib.auth.models import User
from hoardrun.api import tokens
print(tokens.login_create(user=User.objects.create(username={HOSTILE!r})).access)
"""
_NO_RIGHTS = """
from django.contrib.auth.models import User
user = User.objects.get(username="staff")
user.is_superuser = False
user.save()
user.user_permissions.clear()
"""
_BRIAN_IS_STAFF = """
from django.contrib.auth.models import Permission, User
user = User.objects.get(username="brian")
user.is_staff = True
user.save()
rights = ["approve_broadcast", "view_connection", "view_node"]
user.user_permissions.add(*Permission.objects.filter(codename__in=rights))
"""
