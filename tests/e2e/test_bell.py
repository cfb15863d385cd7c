"""<hoardrun-bell> on a page of another application, in the three lines that the docs show."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from playwright.async_api import Browser, BrowserContext, Route, expect

from tests.e2e.conftest import older
from tests.e2e.embed import Embed
from tests.e2e.visitor import broadcast, notify, set_hidden, token_of, visit
from tests.services.ports import PATIENCE
from tests.services.server import Server

MARKET_MOVES = False
HTML = """
<script type="module" src="/static/realtime/bell.js"></script>
<hoardrun-bell token-url="/session/token" lang="{lang}"></hoardrun-bell>
<script type="module">document.querySelector("hoardrun-bell").addEventListener(
    "hoardrun-open", ({{detail}}) => document.title = detail.title)</script>
"""


async def embed(context: BrowserContext, server: Server, lang: str = "en") -> Embed:
    """Open a page that has nothing but the three lines."""
    token = await asyncio.to_thread(token_of, server, "amina")

    async def answer(route: Route) -> None:
        await route.fulfill(body=json.dumps({"access": token}), content_type="application/json")

    async def page(route: Route) -> None:
        body = f"<!doctype html><title>Shop</title>{HTML.format(lang=lang)}"
        await route.fulfill(body=body, content_type="text/html")

    await context.route("**/session/token", answer)
    await context.route("**/shop", page)
    await context.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    return await Embed.open(context, f"{server.url}/shop")


async def counts_of_amina(server: Server) -> dict[str, int]:
    answer = await asyncio.to_thread(
        server.request, "GET", "/api/v1/snapshot", token=token_of(server, "amina")
    )
    return dict(answer.json()["counts"])


async def unread(server: Server) -> str:
    return str((await counts_of_amina(server))["unread"])


async def unseen(server: Server) -> int:
    return (await counts_of_amina(server))["unseen"]


async def all_seen(server: Server) -> None:
    """Wait until Amina has seen all: her bell may look as if she had before it has been told."""
    async with asyncio.timeout(15 * PATIENCE):
        while await unseen(server):
            await asyncio.sleep(0.05)


async def test_three_lines_are_a_bell_that_counts_and_opens_by_keyboard(
    context: BrowserContext, demo: Server
) -> None:
    shop = await embed(context, demo)
    page = shop.page
    button = page.get_by_role("button", name="Notifications:")
    await expect(button).to_have_accessible_name(f"Notifications: {await unread(demo)} unread")
    await asyncio.to_thread(notify, demo, "amina", "Read by keyboard", message="All of it")
    await expect(page.locator("hoardrun-bell [aria-live]")).to_have_text(
        "Read by keyboard. All of it"
    )
    await page.keyboard.press("Tab")
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Notifications")
    await expect(dialog).to_be_visible()
    await expect(page.get_by_role("button", name="All", exact=True)).to_be_focused()
    note = page.locator("hoardrun-bell .note", has_text="Read by keyboard")
    await expect(note).to_have_class("note unread")
    await note.locator(".open").focus()
    await page.keyboard.press("Enter")
    await expect(note).to_have_class("note read")
    await expect(page).to_have_title("Read by keyboard")
    await page.get_by_role("button", name="Archive: Read by keyboard").press("Enter")
    await expect(note).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(button).to_be_focused()
    assert shop.complaints == []


CLICKED = """
async () => {
    const {createPush} = await import("/static/realtime/push.js");
    const bell = document.querySelector("hoardrun-bell");
    await createPush(bell.client).state();
    document.addEventListener("hoardrun-action", ({detail}) => {
        document.title = `${detail.action} ${detail.id} ${detail.url}`;
    });
    const data = {hoardrun: "open", user: "1", id: "88", url: "/security", action: "was_not_me"};
    navigator.serviceWorker.dispatchEvent(new MessageEvent("message", {data}));
}
"""


async def test_a_button_of_a_push_opens_the_bell_and_tells_the_page(
    context: BrowserContext, demo: Server
) -> None:
    shop = await embed(context, demo)
    await expect(shop.page.locator("hoardrun-bell .badge")).not_to_be_empty()
    await shop.page.evaluate(CLICKED)  # as the worker tells it
    await expect(shop.page).to_have_title("was_not_me 88 /security")
    await expect(shop.page.get_by_role("dialog", name="Notifications")).to_be_visible()


async def test_reading_all_in_one_tab_counts_the_same_in_every_other(
    context: BrowserContext, browser: Browser, demo: Server
) -> None:
    for number in range(3):
        await asyncio.to_thread(notify, demo, "amina", f"Read me {number}")
    shop, other = await embed(context, demo), await embed(context, demo)
    console = await visit(browser, demo, "Amina")
    count = await unread(demo)
    bells = [page.locator("hoardrun-bell") for page in (shop.page, other.page, console.page)]
    for bell in bells:
        await expect(bell.locator(".badge")).to_have_text(count)
    await bells[0].locator(".bell").click()
    await expect(bells[1].locator(".bell")).not_to_have_class(
        "bell unseen"
    )  # seen here, seen there
    await shop.page.get_by_role("button", name="Mark all read").click()
    for bell in bells:
        await expect(bell.locator(".badge")).to_be_empty()
    await asyncio.to_thread(notify, demo, "amina", "One more")
    for bell in bells:
        await expect(bell.locator(".badge")).to_have_text("1")
    await expect(console.page).to_have_title("(1) hoardrun console")
    for visitor in (shop, other, console):
        assert visitor.complaints == []


async def test_a_bell_that_comes_late_counts_at_once(
    context: BrowserContext, demo: Server, token: str
) -> None:
    await asyncio.to_thread(notify, demo, "amina", "Before the bell")
    count = await unread(demo)
    assert int(count) > 0
    first = await Embed.start(context, demo, "amina", token=token)
    later = await Embed.start(context, demo, "amina", token=token)  # on the first one's socket
    for tab in (first, later):
        await tab.until("client.counts")
        await tab.page.evaluate(
            """async () => {
                await import("/static/realtime/bell.js");
                const bell = document.createElement("hoardrun-bell");
                bell.client = client;
                document.body.append(bell);
            }"""
        )
        await expect(tab.page.locator("hoardrun-bell .badge")).to_have_text(count)
        assert tab.complaints == []


async def test_a_broadcast_is_announced_and_not_in_the_inbox(
    context: BrowserContext, demo: Server
) -> None:
    shop = await embed(context, demo)
    page = shop.page
    badge = page.locator("hoardrun-bell .badge")
    count = await unread(demo)
    await expect(badge).to_have_text("" if count == "0" else count)
    await page.locator("hoardrun-bell .bell").click()
    title = "To all who are there"
    await asyncio.to_thread(broadcast, demo, "notification", title=title, message="Once")
    await expect(page.locator("hoardrun-bell [aria-live]")).to_have_text(
        "To all who are there. Once"
    )
    await asyncio.to_thread(notify, demo, "amina", "To be kept")
    notes = page.locator("hoardrun-bell .note strong")
    await expect(notes.first).to_have_text("To be kept")
    assert "To all who are there" not in await notes.all_inner_texts()
    assert shop.complaints == []


async def test_an_open_bell_in_a_hidden_page_marks_nothing_seen(
    context: BrowserContext, demo: Server
) -> None:
    shop = await embed(context, demo)
    await shop.page.locator("hoardrun-bell .bell").click()
    first = shop.page.locator("hoardrun-bell .note strong").first
    await expect(first).to_be_visible()
    # A page that is hidden before it has connected waits until it is shown.
    await shop.until("document.querySelector('hoardrun-bell').client.state === 'connected'")
    await all_seen(demo)  # the earlier ones have been looked at
    await shop.hide()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    await asyncio.to_thread(notify, demo, "amina", "Behind another tab")
    await expect(first).to_have_text("Behind another tab")
    await asyncio.to_thread(notify, demo, "amina", "And one more")
    await expect(first).to_have_text("And one more")  # the question of the first client is asked
    assert not [url for url in asked if url.endswith("seen")]
    assert await unseen(demo) == 2
    await shop.hide(False)
    await expect(shop.page.locator("hoardrun-bell .bell")).not_to_have_class("bell unseen")
    await all_seen(demo)


async def test_an_open_bell_at_which_nobody_is_marks_nothing_seen(
    context: BrowserContext, demo: Server
) -> None:
    await context.clock.install()
    shop = await embed(context, demo)
    await shop.page.locator("hoardrun-bell .bell").click()
    await shop.until("document.querySelector('hoardrun-bell').client.presence === 'active'")
    # A minute that passes at once would end an attempt to connect.
    await shop.until("document.querySelector('hoardrun-bell').client.state === 'connected'")
    await all_seen(demo)
    await context.clock.fast_forward(61_000)
    await shop.until("document.querySelector('hoardrun-bell').client.presence === 'away'")
    await asyncio.to_thread(notify, demo, "amina", "To an empty chair")
    first = shop.page.locator("hoardrun-bell .note strong").first
    await expect(first).to_have_text("To an empty chair")
    assert await unseen(demo) == 1
    await shop.page.mouse.move(5, 5)
    await shop.page.mouse.move(9, 9)
    await expect(shop.page.locator("hoardrun-bell .bell")).not_to_have_class("bell unseen")
    await all_seen(demo)


async def test_tabs_pins_and_snoozes(context: BrowserContext, demo: Server) -> None:
    for number, type in enumerate(("savings", "security", "security")):
        await asyncio.to_thread(notify, demo, "amina", f"Tab {number}", type=type)
    shop = await embed(context, demo)
    page = shop.page
    await page.locator("hoardrun-bell .bell").click()
    titles = page.locator("hoardrun-bell .note strong")
    await expect(titles.first).to_have_text("Tab 2")
    await page.get_by_role("button", name="Pin: Tab 1").click()
    await expect(titles.first).to_have_text("Tab 1")
    await expect(page.get_by_role("button", name="Pin: Tab 1")).to_have_attribute(
        "aria-pressed", "true"
    )
    tabs = page.get_by_role("group", name="Categories")
    await tabs.get_by_role("button", name="Savings").click()
    await expect(titles.first).to_have_text("Tab 0")
    await expect(titles.filter(has_text=re.compile("Tab [12]"))).to_have_count(0)
    await tabs.get_by_role("button", name="Security").click()
    await expect(titles.first).to_have_text("Tab 1")
    before = int(await unread(demo))
    await page.get_by_role("button", name="Snooze: Tab 2").press("Enter")
    choices = page.get_by_role("group", name="Snooze: Tab 2")
    await expect(choices.get_by_role("button", name="For an hour")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(choices).to_have_count(0)
    await expect(page.get_by_role("button", name="Snooze: Tab 2")).to_be_focused()
    await page.keyboard.press("Enter")
    await choices.get_by_role("button", name="Until tomorrow morning").click()
    await expect(titles.filter(has_text="Tab 2")).to_have_count(0)
    await expect(page.locator("hoardrun-bell .badge")).to_have_text(str(before - 1))
    await asyncio.to_thread(demo.shell, WAKE)
    await expect(titles.filter(has_text="Tab 2")).to_have_count(1)
    await expect(page.locator("hoardrun-bell .badge")).to_have_text(str(before))
    await page.get_by_role("button", name="Pin: Tab 1").click()
    await expect(titles.first).to_have_text("Tab 2")
    assert shop.complaints == []


WAKE = """
from notifications.models import Notification
from realtime import clock
Notification.objects.filter(title="Tab 2").update(snoozed_until=clock.now())
"""


async def test_a_toast_is_seen_only_where_somebody_is(browser: Browser, demo: Server) -> None:
    console = await visit(browser, demo, "Amina")
    page = console.page
    await page.locator("#bell .bell").click()
    await expect(page.locator("#bell .bell")).not_to_have_class("bell unseen")
    await page.keyboard.press("Escape")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await set_hidden(page, True)
    await asyncio.to_thread(notify, demo, "amina", "In a hidden tab")
    toast = page.locator(".toast", has_text="In a hidden tab")
    await toast.hover()  # it stays for as long as that
    assert await unseen(demo) == 1
    assert not [url for url in asked if url.endswith("/seen")]
    await set_hidden(page, False)
    await expect(page.locator("#bell .bell")).not_to_have_class("bell unseen")
    await all_seen(demo)
    assert await toast.count() == 1
    await asyncio.to_thread(notify, demo, "amina", "At the desk")
    await expect(page.locator(".toast", has_text="At the desk")).to_be_visible()
    await expect(page.locator("#bell .bell")).not_to_have_class("bell unseen")
    await all_seen(demo)
    assert int(await unread(demo)) >= 2
    assert console.complaints == []


def luminance(colour: list[float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


COLOURS = """(node) => {
    if (!node.isConnected) return null; // a load draws the list anew
    const read = (text) => text.match(/[\\d.]+/g).map(Number);
    let under = node;
    const isClear = () => (read(getComputedStyle(under).backgroundColor)[3] ?? 1) === 0;
    while (isClear()) under = under.parentNode.host ?? under.parentNode;
    const styles = [getComputedStyle(node).color, getComputedStyle(under).backgroundColor];
    return styles.map((text) => read(text).slice(0, 3).map((part) => part / 255));
}"""


async def test_the_bell_has_plain_colours_in_a_browser_without_light_dark(
    browser: Browser, demo: Server
) -> None:
    context = await browser.new_context(color_scheme="dark")
    await context.route("**/look.js", older)
    await asyncio.to_thread(notify, demo, "amina", "On an older phone", type="security")
    shop = await embed(context, demo)
    await shop.page.evaluate("document.body.style.color = '#fff'")  # of a page that is dark
    await shop.page.locator("hoardrun-bell .bell").click()
    note = shop.page.locator("hoardrun-bell .note").first
    await expect(note).to_contain_text("On an older phone")
    panel = shop.page.locator("hoardrun-bell .panel")
    await expect(panel).to_have_css("background-color", "rgb(255, 255, 255)")
    for part in (note.locator("strong"), note.locator("small"), note.locator(".acts button").first,
                 panel.locator("h2"), panel.locator(".segments button").first):  # fmt: skip
        async with asyncio.timeout(15):
            while (found := await part.evaluate(COLOURS)) is None:
                pass
        text, under = map(luminance, found)
        assert (max(text, under) + 0.05) / (min(text, under) + 0.05) >= 4.5


async def test_times_age_while_it_is_open(context: BrowserContext, demo: Server) -> None:
    await asyncio.to_thread(notify, demo, "amina", "Ages")
    await context.clock.install()
    shop = await embed(context, demo)
    async with shop.page.expect_response("**/mark-all-seen") as seen:
        await shop.page.locator("hoardrun-bell .bell").click()
    await (await seen.value).finished()
    time = shop.page.locator("hoardrun-bell .note time").first
    await expect(time).to_have_text("just now")
    await context.clock.fast_forward("05:00")
    await expect(time).to_have_text(re.compile(r"^[5-9] minutes ago$"))  # and what the test took
    assert isinstance(shop, Embed)
    # Without a connection, only the bell's own clock writes times.
    bell = "document.querySelector('hoardrun-bell')"
    await shop.page.evaluate(f"{bell}.client.disconnect()")
    await shop.until(f"{bell}.client.state === 'disconnected'")
    await shop.page.evaluate("new Promise((done) => requestAnimationFrame(done))")
    await shop.hide()
    await context.clock.pause_at(await shop.page.evaluate("Date.now() / 1000 + 3600"))
    await expect(time).to_have_text(re.compile(r"^[5-9] minutes ago$"))  # the page is hidden
    await shop.hide(False)  # from here on no timer runs
    await expect(time).to_have_text("1 hour ago")


async def test_each_text_reads_in_its_own_direction(context: BrowserContext, demo: Server) -> None:
    await asyncio.to_thread(notify, demo, "amina", "رسالة جديدة", message="Read from the left")
    shop = await embed(context, demo)
    await shop.page.locator("hoardrun-bell .bell").click()
    note = shop.page.locator("hoardrun-bell .note").first
    await expect(note.locator("strong")).to_have_css("direction", "rtl")
    await expect(note.locator(".open > span")).to_have_css("direction", "ltr")


async def test_it_pages_through_all_and_through_what_is_unread(
    context: BrowserContext, demo: Server
) -> None:
    push = """
from notifications.services import notification_create
for number in range(45):
    notification_create(user_id=1, title=f"Page {number:02}", message="m")
"""
    await asyncio.to_thread(demo.shell, push)
    page = (await embed(context, demo)).page
    await page.locator("hoardrun-bell .bell").click()
    notes = page.locator("hoardrun-bell .note", has_text="Page ")
    await expect(notes).to_have_count(20)
    for shown in (40, 45):
        await page.get_by_role("button", name="Show more").click()
        await expect(notes).to_have_count(shown)
    titles = await notes.locator("strong").all_inner_texts()
    assert titles == [f"Page {number:02}" for number in range(44, -1, -1)]
    await page.get_by_role("button", name="Mark as read: Page 44").click()
    await page.get_by_role("button", name="Unread", exact=True).click()
    await expect(page.locator("hoardrun-bell .note", has_text="Page 44")).to_have_count(0)


async def test_it_speaks_swahili(context: BrowserContext, demo: Server) -> None:
    page = (await embed(context, demo, "sw")).page
    await page.get_by_role("button", name="Arifa:").click()
    await expect(page.get_by_role("dialog", name="Arifa")).to_contain_text("Hazijasomwa")
    await expect(page.get_by_role("button", name="Weka zote zimesomwa")).to_be_visible()


RECTANGLES = """(note) => [note, ...note.querySelectorAll(".open, .acts")].map((part) => {
    const {x, y, width, height} = part.getBoundingClientRect();
    return {x, y, width, height};
})"""


async def test_on_a_phone_the_text_has_the_row_to_itself(browser: Browser, demo: Server) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    await asyncio.to_thread(notify, demo, "amina", "Kwenye simu")
    page = (await embed(context, demo, "sw")).page
    await page.locator("hoardrun-bell .bell").click()
    note = page.locator("hoardrun-bell .note").first
    await expect(note).to_contain_text("Kwenye simu")
    async with asyncio.timeout(15):
        while True:  # until the row is there to stay: a load draws the list anew
            row, text, acts = await note.evaluate(RECTANGLES)
            if acts["height"]:
                break
    assert text["width"] > 0.8 * row["width"]
    assert acts["y"] >= text["y"] + text["height"]


@pytest.mark.parametrize(
    "place", ["margin-top: 80px", "position: fixed; bottom: 8px; left: 8px"], ids=["top", "bottom"]
)
async def test_on_a_phone_a_second_tap_on_the_bell_closes_its_panel(
    browser: Browser, demo: Server, place: str
) -> None:
    context = await browser.new_context(viewport={"width": 320, "height": 568}, has_touch=True)
    for number in range(5):
        await asyncio.to_thread(notify, demo, "amina", f"Tap {number}")
    before = await unread(demo)
    page = (await embed(context, demo)).page
    await page.add_style_tag(content=f"hoardrun-bell {{ {place} }}")
    bell, panel = (page.locator(f"hoardrun-bell .{name}") for name in ("bell", "panel"))
    await bell.tap()
    await expect(panel.locator(".note", has_text="Tap 4").first).to_be_visible()
    box = await panel.bounding_box()
    assert box and box["y"] >= 0 and box["y"] + box["height"] <= 568
    await bell.tap()
    await expect(panel).to_be_hidden()
    assert await unread(demo) == before


async def test_a_bell_without_a_client_says_so(context: BrowserContext, demo: Server) -> None:
    warnings: list[str] = []
    context.on("console", lambda said: warnings.append(said.text) if "bell" in said.text else None)
    shop = await Embed.blank(context, demo)
    await shop.page.evaluate(
        """async () => {
            await import("/static/realtime/bell.js");
            document.body.append(document.createElement("hoardrun-bell"));
        }"""
    )
    button = shop.page.locator("hoardrun-bell .bell")
    for _ in range(2):
        await button.click()
        panel = shop.page.get_by_role("dialog", name="Notifications")
        await expect(panel).to_contain_text("Not connected.")
        await expect(shop.page.get_by_role("button", name="Show more")).to_be_hidden()
        await shop.page.keyboard.press("Escape")
    assert warnings == [
        "<hoardrun-bell>: It is not connected: give it a token-url, a getToken or a client."
    ]


async def test_a_token_url_that_fails_is_no_logout(
    context: BrowserContext, demo: Server, token: str
) -> None:
    page = (await embed(context, demo)).page
    # The last route that was added is asked first.
    await context.route("**/session/token", lambda route: route.fulfill(status=404))
    await page.reload()
    button = page.locator("hoardrun-bell .bell")
    await expect(button).to_have_attribute("title", "Reconnecting…")
    await button.click()
    panel = page.get_by_role("dialog", name="Notifications")
    await expect(panel).to_contain_text("That did not work. The token-url answered 404.")
    await expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    await context.unroute("**/session/token")
    await context.route(
        "**/session/token",
        lambda route: route.fulfill(body=json.dumps({"access": token}), content_type="x/json"),
    )
    await expect(panel).not_to_contain_text("That did not work.", timeout=40_000 * PATIENCE)
    await expect(button).to_have_attribute("title", "")
    await expect(page.locator("hoardrun-bell .note").first).to_be_visible()
    await context.unroute("**/session/token")
    await context.route("**/session/token", lambda route: route.fulfill(status=401))
    await page.reload()
    await expect(button).to_have_attribute("title", "Not connected.")
    await button.click()
    await expect(panel).to_contain_text("That did not work. Nobody is logged in.")
