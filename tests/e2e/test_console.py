"""Two customers at the console page, as a visitor would try it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import demo_server, older
from tests.e2e.visitor import Visitor, broadcast, log_in, notify, token_of, visit, visiting
from tests.services.admin import Admin
from tests.services.server import Server

STAFF = ("staff", "staff-demo-pass")


@pytest_asyncio.fixture(loop_scope="session")
async def amina(browser: Browser, demo: Server) -> AsyncIterator[Visitor]:
    async with visiting(browser, demo, "Amina") as visitor:
        yield visitor


@pytest_asyncio.fixture(loop_scope="session")
async def brian(browser: Browser, demo: Server) -> AsyncIterator[Visitor]:
    async with visiting(browser, demo, "Brian") as visitor:
        yield visitor


@pytest.fixture
def support(demo: Server) -> Admin:
    return Admin(demo.url, *STAFF)


@pytest.fixture
def page(amina: Visitor) -> Page:
    return amina.page


async def test_a_completed_transaction_shows_at_once_to_its_owner_only(
    amina: Visitor, brian: Visitor, demo: Server, support: Admin
) -> None:
    [txn, *_] = demo.request(
        "GET", "/api/v1/transactions?status=pending", token=token_of(demo, "amina")
    ).json()
    before = await amina.unread()
    unmoved = [await brian.unread(), await brian.page.locator("#balances").inner_text()]
    row = amina.page.locator("#transactions li", has_text=txn["reference"])
    await expect(row).to_contain_text("Pending")
    support.act("/admin/ledger/transaction/", "complete", txn["id"])
    await expect(row).to_contain_text("Completed")
    await expect(amina.page.locator("#bell .badge")).to_have_text(str(before + 1))
    after = demo.request(
        "GET", f"/api/v1/accounts/{txn['account_id']}", token=token_of(demo, "amina")
    ).json()
    card = amina.page.locator(f'#balances article[data-account="{txn["account_id"]}"] .amount')
    shown = (await card.inner_text()).replace(",", "")
    assert shown == after["available_balance"]
    assert [await brian.unread(), await brian.page.locator("#balances").inner_text()] == unmoved


async def test_a_client_back_online_sees_exactly_the_missed_events_in_order(
    amina: Visitor, brian: Visitor, demo: Server
) -> None:
    before, unmoved = await amina.unread(), await brian.unread()
    await amina.context.set_offline(True)
    await expect(amina.page.locator("#status")).not_to_contain_text("Connected")
    titles = ["Missed one", 'Missed <img src=x onerror="alert(1)"> two', "Missed three"]
    for title in titles:
        notify(demo, "amina", title)
    await amina.context.set_offline(False)
    await expect(amina.page.locator("#status")).to_contain_text("Connected")
    await expect(amina.page.locator("#bell .badge")).to_have_text(str(before + 3))
    arrived = amina.page.locator('#log li[data-type="notification"] .log-summary')
    await expect(arrived).to_have_count(3)  # the next frame draws them
    texts = await arrived.all_inner_texts()
    assert all(f"] {title}: " in text for title, text in zip(titles, texts, strict=True)), texts
    await amina.page.locator("#bell .bell").click()
    newest = amina.page.locator("#bell .note strong")
    await expect(newest.first).to_have_text(titles[-1])
    assert (await newest.all_inner_texts())[:3] == titles[::-1]
    assert await amina.page.locator("#m-gaps").inner_text() == "0"
    assert await amina.page.locator("#bell .note img").count() == 0
    assert await brian.unread() == unmoved


async def test_reading_in_one_window_shows_in_another(
    amina: Visitor, browser: Browser, demo: Server
) -> None:
    other = await visit(browser, demo, "Amina")
    notify(demo, "amina", "Read me")
    for visitor in (amina, other):
        await visitor.page.locator("#bell .bell").click()
        row = visitor.page.locator("#bell .note", has_text="Read me")
        await expect(row).to_have_class("note unread")
    await row.get_by_role("button", name="Mark as read: Read me").click()
    row = amina.page.locator("#bell .note", has_text="Read me")
    await expect(row).to_have_class("note read")
    await amina.page.keyboard.press("Escape")
    await expect(amina.page.locator("#bell .panel")).to_be_hidden()
    await expect(amina.page.locator("#bell .bell")).to_be_focused()


async def test_an_event_left_out_by_a_filter_is_no_gap(
    amina: Visitor, page: Page, demo: Server
) -> None:
    shown = page.locator('#log li[data-type="notification"]')
    await send(page, '{"type": "subscribe_notifications", "types": ["security"]}')
    await expect(page.locator('#log li[data-type="subscription_updated"]')).to_have_count(1)
    notify(demo, "amina", "Left out", type="system")
    notify(demo, "amina", "A new device", type="security")
    await expect(shown).to_have_count(1)
    await expect(shown).to_contain_text("A new device")
    await send(page, '{"type": "unsubscribe_notifications"}')
    await expect(page.locator('#log li[data-type="subscription_updated"]')).to_have_count(2)
    notify(demo, "amina", "Everything again", type="system")
    await expect(shown).to_have_count(2)
    assert await page.locator("#m-gaps").inner_text() == "0"
    assert await page.locator("#m-reconnects").inner_text() == "0"


async def test_a_token_is_renewed_in_place_before_it_ends(browser: Browser) -> None:
    with demo_server(ACCESS_TOKEN_MINUTES="60") as server:
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        await context.clock.install()
        visitor = await visit(browser, server, "Brian", context)
        renewed = visitor.page.locator('#log li[data-type="authenticated"]')
        for times in (1, 2):
            await context.clock.fast_forward("59:30")
            await expect(renewed).to_have_count(times)
        assert await visitor.page.locator("#m-reconnects").inner_text() == "0"
        assert "eyJ" not in await visitor.page.locator("#log").inner_text()
        assert visitor.complaints == []


async def send(page: Page, text: str) -> None:
    await page.locator("#editor").fill(text)
    await page.locator("#send").click()


async def test_an_announcement_from_the_admin_reaches_both(
    amina: Visitor, brian: Visitor, support: Admin
) -> None:
    support.announce("Planned maintenance")
    for visitor in (amina, brian):
        await expect(visitor.page.locator("#banners")).to_contain_text("Planned maintenance")


async def test_the_market_moves_and_every_message_can_be_sent_from_a_form(page: Page) -> None:
    prices = page.locator("table.market tbody")
    await expect(prices.locator("tr").first).to_be_visible()
    await expect(page.locator("#market-about")).to_contain_text("since the last close")
    strokes = await page.locator(".spark-line").evaluate_all(
        "lines => lines.map((line) => getComputedStyle(line).stroke)"
    )
    assert len(set(strokes)) == 1  # its colour says nothing of the percentage beside it
    shown = await prices.inner_text()
    await expect(prices).not_to_have_text(shown, use_inner_text=True)
    await expect(page.locator('#joined [data-room="market_data"]')).not_to_have_text("0")
    await page.locator("#log-kinds [data-kind=beat]").click()
    log = page.locator("#log")
    for command in await page.locator("#command option").all_inner_texts():
        if command in {"ack", "authenticate"}:
            continue  # they need values that only the client itself has
        await page.locator("#command").select_option(command)
        if command.endswith("_room"):
            await page.locator("#editor").fill(f'{{"type":"{command}","room":"market:crypto"}}')
        await page.locator("#send").click()
        await expect(log).to_contain_text(command)
    await expect(log).to_contain_text("room_left")


async def test_the_log_goes_with_its_user(
    amina: Visitor, page: Page, demo: Server, tmp_path: Path
) -> None:
    notify(demo, "amina", "For Amina alone")
    await page.locator("#log li", has_text="For Amina alone").click()
    await expect(page.locator("#detail-text")).to_contain_text("For Amina alone")
    await send(page, '{"type": "ping", "id": "of-amina"}')
    await expect(page.locator("#editor-answer")).to_have_text("The server answered: pong.")
    await page.locator("#logout").click()
    await log_in(page, "Brian")
    await expect(page.locator("#log")).to_contain_text("connection_established")
    await page.locator("#log-kinds [data-kind=beat]").click()
    async with page.expect_download() as downloading:
        await page.locator("#log-export").click()
    await (await downloading.value).save_as(tmp_path / "log.jsonl")
    said = (tmp_path / "log.jsonl").read_text()
    assert "connection_established" in said
    kept = await page.evaluate(
        "[sessionStorage, document.querySelector('#bell').shadowRoot.innerHTML]"
    )
    for left in (said, await page.content(), json.dumps(kept)):
        assert "For Amina alone" not in left
        assert "of-amina" not in left


async def test_the_focus_goes_where_one_goes_on(amina: Visitor, page: Page) -> None:
    await expect(page.locator("#live")).to_be_focused()
    await page.locator("#logout").click()
    await expect(page.locator("#gate")).to_be_focused()
    await page.set_viewport_size({"width": 390, "height": 844})
    login = page.locator("#login")
    await login.locator("[name=username]").fill("amina")
    await login.locator("[name=password]").fill("wrong")
    await login.get_by_role("button").click()
    wrong = login.get_by_role("alert")
    await expect(wrong).to_have_text("The name or the password is wrong.")
    await expect(wrong).to_be_in_viewport()
    await expect(login.locator("[name=password]")).to_be_focused()
    await login.locator("[name=password]").fill("amina-demo-pass")
    await login.get_by_role("button").click()
    await expect(page.locator("#live")).to_be_focused()
    [refused] = amina.complaints  # the browser notes the answer
    assert "401" in refused
    amina.complaints.clear()


async def test_an_error_of_the_server_shows_at_the_form(page: Page) -> None:
    field, wrong = page.locator("#join-room"), page.locator("#join-error")
    await field.fill("market:nowhere")
    await page.locator("#join").get_by_role("button").click()
    await expect(wrong).to_contain_text("There is no room 'market:nowhere'")
    await expect(field).to_have_value("market:nowhere")
    await field.fill("market:crypto")
    await expect(wrong).to_be_empty()
    await page.locator("#join").get_by_role("button").click()
    await expect(page.locator("#joined")).to_contain_text("market:crypto")
    await expect(field).to_have_value("")
    said = page.locator("#editor-error")
    for text, answer in [
        ('{"type": "nonsense"}', "Unknown message type."),
        ('{"type": "join_room", "room": "market:nowhere", "id": "mine"}', "There is no room"),
        ('{"type": ', "The message is not valid JSON."),
    ]:
        await send(page, text)
        await expect(said).to_contain_text(answer)
        await expect(page.locator("#editor")).to_have_value(text)


async def test_after_a_disconnect_nothing_looks_current(page: Page) -> None:
    await expect(page.locator("#market tr").first).to_be_visible()
    await page.evaluate(
        """() => {
            window.rates = [];
            const rate = document.querySelector("#m-in-rate");
            new MutationObserver(() => rates.push(rate.textContent)).observe(rate, {
                childList: true, characterData: true, subtree: true});
        }"""
    )
    await page.locator("#connect").click()
    await expect(page.locator("#connection-says")).to_have_text("You disconnected.")
    for part in ("balances", "transactions"):
        await expect(page.locator(f"#{part}")).to_have_class(re.compile("stale"))
        await expect(page.locator(f"#{part}-age")).to_have_text(re.compile(r"^as of \d\d:\d\d$"))
    await expect(page.locator("#m-in-rate")).to_have_text("0/s")
    assert not [rate for rate in await page.evaluate("rates") if rate.startswith("-")]
    await page.locator("#connect").click()
    await expect(page.locator("#balances")).not_to_have_class(re.compile("stale"))
    await expect(page.locator("#balances-age")).to_be_empty()


async def test_a_connection_that_resumes_is_noted_once(page: Page) -> None:
    await page.locator("#connect").click()
    await page.locator("#connect").click()
    await expect(page.locator("#status")).to_contain_text("Connected")
    notes = page.locator("#log li", has_text="connect, resume after")
    await expect(notes).to_have_count(1)


ARABIC = "صيانة"
RENAME = f"""
from django.contrib.auth.models import User
from hoardrun.ledger.models import Account, Transaction
User.objects.filter(username="brian").update(first_name="{ARABIC}", last_name="")
account = Account.objects.filter(user__username="brian").first()
account.name = "{ARABIC}"
account.save()
txn = Transaction.objects.filter(account__user__username="brian").latest("created_at")
txn.description = txn.reference = "{ARABIC}"
txn.save()
"""
# The innermost elements that begin with a text, in the page and in the bell, and their direction.
DIRECTIONS = """(text) => [document, document.querySelector("#bell").shadowRoot]
    .flatMap((root) => [...root.querySelectorAll("*")])
    .filter(({tagName}) => !["SCRIPT", "OPTION"].includes(tagName))
    .filter(({firstChild}) => firstChild?.nodeType === 3 && firstChild.data.startsWith(text))
    .map((node) => [node.id || node.className || node.tagName, getComputedStyle(node).direction])"""


async def test_every_text_of_a_user_reads_in_its_own_direction(
    browser: Browser, own: Server
) -> None:
    own.shell(RENAME)
    visitor = await visit(browser, own, "Brian")
    page = visitor.page
    await page.locator("#logout").click()
    await page.locator("#login [name=username]").fill("brian")
    await page.locator("#login [name=password]").fill("brian-demo-pass")
    await page.locator("#login [type=submit]").click()  # with the name that the server gives
    await expect(page.locator("#who-name")).to_have_text(ARABIC)
    await expect(page.locator("#balances article")).to_have_count(3)
    await page.locator("#bell .bell").click()
    await asyncio.to_thread(notify, own, "brian", ARABIC, message=ARABIC)
    await asyncio.to_thread(own.manage, "announce", ARABIC, ARABIC)
    await expect(page.locator("#bell .note strong").first).to_have_text(ARABIC)
    await expect(page.locator(".banner strong")).to_have_text(ARABIC)
    await page.keyboard.press("Escape")
    await asyncio.to_thread(notify, own, "brian", f"{ARABIC} 2", message=ARABIC)
    await expect(page.locator(".toast strong")).to_have_text(f"{ARABIC} 2")
    await page.locator("#log li", has_text=f"{ARABIC} 2").click()
    found = await page.evaluate(DIRECTIONS, ARABIC)
    shown = {"who-name", "balance-name", "clip", "toast-text", "STRONG", "P", "SPAN"}
    assert shown <= {name for name, _ in found}
    assert [name for name, direction in found if direction != "rtl"] == []


async def test_a_browser_without_light_dark_gets_plain_colours(
    browser: Browser, demo: Server
) -> None:
    context = await browser.new_context(color_scheme="dark")
    await context.route("**/base.css", older)
    page = await context.new_page()
    await page.goto(f"{demo.url}/ws/test")
    await expect(page.locator("body")).to_have_css("background-color", "rgb(246, 245, 242)")
    await expect(page.locator("body")).to_have_css("color", "rgb(27, 28, 32)")
    await expect(page.locator("#login .primary")).to_have_css(
        "background-color", "rgb(37, 83, 199)"
    )


async def test_counters_read_apart_and_texts_in_their_own_direction(
    page: Page, demo: Server
) -> None:
    await expect(page.locator("#log-kinds button").first).to_have_accessible_name(
        re.compile(r"^Events [\d.KM]+$")
    )
    text = await page.locator("#log-kinds button").first.text_content()
    assert re.fullmatch(r"Events [\d.KM]+", text or "")
    for name in ("#m-in", "#m-out"):
        box = page.locator("#meters dd", has=page.locator(name))
        assert re.fullmatch(r"[\d,]+, \d+/s", await box.text_content() or "")
    chip = page.locator("#joined .chip").first
    assert re.fullmatch(r"market_data +\d+ ×", await chip.text_content() or "")
    # The gravest is shown first: other tests have announced something too.
    body = {"title": "صيانة", "message": "Tonight", "severity": "emergency"}
    await asyncio.to_thread(broadcast, demo, "announcement", **body)
    banner = page.locator(".banner", has_text="صيانة")
    await expect(banner.locator("strong")).to_have_css("direction", "rtl")
    await expect(banner.locator("p")).to_have_css("direction", "ltr")


async def test_a_customer_sees_her_devices_and_signs_the_others_out(
    browser: Browser, amina: Visitor, demo: Server
) -> None:
    page = amina.page
    await page.locator("#devices-fold > summary").click()
    rows = page.locator("#devices .device")
    current = rows.filter(has_text="this one")
    await expect(current).to_have_count(1)
    await expect(current).to_contain_text("Chrome, Linux")
    await expect(current.locator("button")).to_have_count(0)
    async with visiting(browser, demo, "Amina") as other:
        await page.locator("#devices-fold > summary").click()
        await page.locator("#devices-fold > summary").click()  # reads them anew
        await expect(page.locator("#devices-others")).to_be_visible()
        await page.locator("#devices-others").click()
        await expect(page.locator("#devices-done")).to_contain_text("signed out")
        await expect(rows).to_have_count(1)
        await expect(page.locator("#devices-others")).to_be_hidden()
        await expect(other.page.locator("#status")).to_have_attribute("data-state", "stopped")
        other.complaints.clear()  # its browser says that it was refused
    await expect(page.locator("#status")).to_have_attribute("data-state", "online")
