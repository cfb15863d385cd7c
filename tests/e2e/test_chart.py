"""The chart page: candles, alerts as lines, and what a price says about itself."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.e2e.market import NEWEST, SYMBOL, Scripted, at_chart, candle, price_of, wide_candles
from tests.e2e.test_accessibility import SCREENS, findings
from tests.e2e.test_phone import fits
from tests.e2e.visitor import Visitor, log_in, visiting
from tests.services.ports import until
from tests.services.server import Server

# The next frame draws what the page has; the one after it begins when that is done.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


async def rows(page: Page) -> list[tuple[str, str]]:
    """Read the times and the closes of the table, oldest first, once it is drawn."""
    await page.evaluate(DRAWN)
    found: list[list[str]] = await page.locator("#rows tr").evaluate_all(
        "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
    )
    return [(cells[0][-5:], cells[4]) for cells in reversed(found)]


@pytest.mark.feed(number=12)
async def test_revised_repeated_and_late_candles_leave_the_chart_ascending(
    browser: Browser, demo: Server
) -> None:
    context = await browser.new_context(timezone_id="UTC")
    scripted = Scripted(
        {
            "": {"candles": [candle(11), candle(10), candle(11)], "next": "older"},
            "older": {"candles": [candle(2), candle(10), candle(1)], "next": None},
        }
    )
    await scripted.begin(context)
    visitor = await at_chart(browser, demo, context=context)
    page = visitor.page
    await expect(page.locator("#legend")).to_contain_text("09:11")
    await until(lambda: "older" in scripted.asked)
    await page.get_by_role("button", name="Table").click()
    await expect(page.locator("#rows tr")).to_have_count(4)
    scripted.tell(candle(12, closed=False))
    scripted.tell(candle(10, "111.00", revision=1))  # after a newer one
    scripted.tell(candle(12, "112.00"))
    scripted.tell(candle(12, "1.00", closed=False))  # what has closed stays closed
    scripted.tell(candle(11, "1.00", revision=-1))  # older than what is there
    scripted.tell(candle(5, "105.00"))  # late
    await expect(page.locator("#rows tr")).to_have_count(6)
    await page.get_by_role("button", name="Table").click()  # and the drawing takes all of it
    scripted.tell(candle(9, "109.00"))
    scripted.tell(candle(13, closed=False))
    await expect(page.locator("#legend")).to_contain_text("09:13")
    await page.get_by_role("button", name="Table").click()
    assert dict(await rows(page)) == {
        "09:01": "100.00", "09:02": "100.00", "09:05": "105.00", "09:09": "109.00",
        "09:10": "111.00", "09:11": "100.00", "09:12": "112.00", "09:13": "100.00",
    }  # fmt: skip
    found = [time for time, _ in await rows(page)]
    assert found == sorted(set(found))
    assert scripted.asked.count("older") == 1
    assert visitor.complaints == []


async def test_older_candles_are_read_though_the_chart_asked_amid_the_newest(
    browser: Browser, demo: Server
) -> None:
    context = await browser.new_context(timezone_id="UTC")
    scripted = Scripted(
        {
            "": {"candles": [candle(11), candle(10)], "next": "older"},
            "older": {"candles": [candle(2)], "next": None},
        }
    )
    scripted.held = {"": asyncio.Event(), NEWEST: asyncio.Event()}
    await scripted.begin(context)
    page = (await at_chart(browser, demo, context=context)).page  # connected: the newest are due
    scripted.held[""].set()
    await expect(page.locator("#legend")).to_contain_text("09:11")
    await page.evaluate(DRAWN)
    scripted.held[NEWEST].set()
    await page.get_by_role("button", name="Table").click()
    await expect(page.locator("#rows tr")).to_have_count(3)


# More minutes of Bitcoin than a page of the chart has: the simulator's past is shorter.
OLDER = """
from datetime import timedelta
from django.utils import timezone
from hoardrun.market.models import Candle, Instrument
btc, now = Instrument.objects.get(symbol="BTC-USD"), timezone.now().replace(second=0, microsecond=0)
Candle.objects.bulk_create(
    [
        Candle(instrument=btc, minutes=1, bucket=now - timedelta(minutes=ago), open=6_700_000,
            high=6_700_100, low=6_699_900, close=6_700_000, is_closed=True, is_indicative=True,
            source="simulator")
        for ago in range(310, 700)
    ],
    ignore_conflicts=True,
)
"""


async def test_candles_come_live_and_older_ones_as_one_goes_back(
    browser: Browser, demo: Server
) -> None:
    await asyncio.to_thread(demo.shell, OLDER)
    visitor = await at_chart(browser, demo)
    page = visitor.page
    legend = page.locator("#legend")
    await expect(legend).to_contain_text("running")
    first = await legend.inner_text()
    await expect(legend).not_to_have_text(first)  # it moves
    await expect(page.locator("#price")).to_have_text(re.compile(r"^[\d,]+\.\d\d$"))
    for interval in ("5m", "1d", "1m"):
        await page.get_by_role("button", name=interval, exact=True).click()
        await expect(legend).to_contain_text("running")
    # By keyboard, until the page has asked for the one before. The first may still be on its way.
    await page.locator("#chart").focus()
    older = re.compile("interval=1m&.*cursor=")
    async with page.expect_response(older) as answer:
        while not answer.is_done():
            await page.keyboard.press("PageUp")
    assert (await answer.value).ok
    await page.keyboard.press("ArrowRight")
    await page.evaluate(DRAWN)
    pointed_at = (await legend.inner_text())[:20]  # its day and its minute
    await expect(page.locator("#polite")).to_contain_text(pointed_at)
    await page.keyboard.press("End")
    await expect(legend).to_contain_text("running")
    await page.get_by_role("button", name="Table").click()
    await expect(page.locator("#rows tr")).to_have_count(100)
    assert visitor.complaints == []


async def test_a_price_that_is_not_live_turns_grey_by_its_message(
    browser: Browser, demo: Server
) -> None:
    context = await browser.new_context(timezone_id="UTC")
    scripted = Scripted()
    await scripted.begin(context)
    visitor = await at_chart(browser, demo, context=context)
    page = visitor.page
    await expect(page.locator("#name")).to_have_text("Bitcoin")
    head, feed, about = (page.locator(f"#{part}") for part in ("head", "feed", "feed-about"))
    as_of = "2026-03-02T09:04:05.678Z"
    for word in ("Live", "Stale", "Live", "Halted", "Delayed", "Closed"):
        scripted.quote(price="64000.00", feed=word.lower(), source="kraken", as_of=as_of)
        await expect(feed).to_have_text(word)
        is_grey = word in {"Stale", "Halted", "Closed"}
        assert ("grey" in (await head.get_attribute("class") or "")) is is_grey
        assert ("grey" in (await page.locator("#chart").get_attribute("class") or "")) is is_grey
    await expect(about).to_have_text("Kraken · as of 2 Mar, 09:04:05")
    await expect(page.locator("#polite")).to_contain_text("BTC-USD: Closed.")
    scripted.quote(price="64000.00")  # of a server that does not say
    await expect(feed).to_be_empty()
    assert visitor.complaints == []


async def test_a_price_is_not_shown_as_live_without_a_connection(
    browser: Browser, demo: Server
) -> None:
    context = await browser.new_context()
    scripted = Scripted()
    await scripted.begin(context)
    visitor = await at_chart(browser, demo, context=context)
    page = visitor.page
    await expect(page.locator("#name")).to_have_text("Bitcoin")
    scripted.quote(price="64000.00", feed="live", source="kraken")
    await expect(page.locator("#feed")).to_have_text("Live")
    await context.set_offline(True)
    await expect(page.locator("#feed")).to_have_text("Not connected")
    await expect(page.locator("#feed-why")).to_contain_text("newer prices")
    await expect(page.locator("#head")).to_have_class(re.compile("grey"))
    await expect(page.locator("#chart")).to_have_class(re.compile("grey"))
    await context.set_offline(False)
    await expect(page.locator("#status")).to_have_attribute("data-state", "online")
    await expect(page.locator("#feed")).to_have_text("Not connected")  # until a price comes
    scripted.quote(price="64001.00", feed="live", source="kraken")
    await expect(page.locator("#feed")).to_have_text("Live")
    await expect(page.locator("#feed-why")).to_be_empty()
    assert visitor.complaints == []


async def test_an_alert_is_set_dragged_moved_by_keys_and_removed(
    browser: Browser, demo: Server
) -> None:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    await wide_candles().begin(context)
    visitor = await at_chart(browser, demo, context=context)
    page, form = visitor.page, visitor.page.locator("#alert")
    await expect(page.locator("#legend")).to_contain_text("close")
    price = await price_of(page)
    # What is so already is refused with the price; another threshold is taken.
    await form.locator("[name=threshold]").fill(f"{price / 2:.2f}")
    await form.get_by_role("button", name="Set the alert").press("Enter")
    await expect(page.locator("#alert-says")).to_contain_text("already")
    await form.locator("[name=threshold]").fill(f"{price * 2:.2f}")
    await form.locator("[name=note]").fill("Twice")
    await form.get_by_role("button", name="Set the alert").click()
    row = page.locator("#alerts li", has_text="Twice")
    await expect(row).to_contain_text("armed")
    await expect(page.locator("#alert-says")).to_be_empty()
    await expect(page.locator(".alert-handle")).to_be_hidden()  # far above what is drawn
    # Changed to what is in sight, and what no price reaches meanwhile.
    await row.get_by_role("button", name="Change").click()
    await form.locator("[name=threshold]").fill(f"{price + 5000:.2f}")
    await form.get_by_role("button", name="Save").click()
    handle = page.locator(".alert-handle")
    await expect(handle).to_be_visible()
    box = await handle.bounding_box()
    assert box
    x, y = box["x"] + 20, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x, y - 40, steps=4)
    async with page.expect_response("**/price-alerts/*") as saved:
        await page.mouse.up()
    dragged = Decimal((await (await saved.value).json())["threshold"])
    assert dragged > price + 5000
    await expect(row).to_contain_text(f"{dragged:,.2f}")
    await expect(row).to_contain_text("armed")
    # By keyboard: a step, ten, and Escape takes back.
    await handle.focus()
    await handle.press("ArrowUp")
    await handle.press("Escape")
    await expect(handle).to_contain_text(f"{dragged:,.2f}")
    await handle.press("ArrowUp")
    await handle.press("Shift+ArrowUp")
    await handle.press("Enter")
    await expect(row).to_contain_text(f"{dragged + Decimal('0.11'):,.2f}")
    # Another device sees it, and what it removes is gone here.
    other = await at_chart(browser, demo)
    theirs = other.page.locator("#alerts li", has_text="Twice")
    await expect(theirs).to_be_visible()
    await other.page.locator("#logout").click()
    await expect(theirs).to_have_count(0)  # the next user may be another
    await other.page.locator("#demo-users button", has_text="Amina").click()
    await expect(theirs).to_be_visible()
    await other.page.get_by_role("button", name="Remove: Price").click()
    await expect(row).to_have_count(0)
    await expect(handle).to_have_count(0)
    assert [each for each in visitor.complaints if "409" not in each] == []
    assert other.complaints == []


async def test_in_the_console_a_symbol_opens_its_chart_and_a_watchlist_chooses_symbols(
    browser: Browser, demo: Server
) -> None:
    async with visiting(browser, demo, "Amina") as visitor:
        page = visitor.page
        opener = page.get_by_role("button", name=SYMBOL, exact=True)
        await opener.press("Enter")
        await expect(page.locator("#instrument #legend")).to_contain_text("close")
        await expect(page.locator("#instrument canvas").first).to_be_visible()
        await expect(page.get_by_role("link", name="Whole page")).to_have_attribute(
            "href", f"/market/{SYMBOL}"
        )
        await page.locator("#instrument-close").press("Enter")
        await expect(page.locator("#instrument")).to_be_hidden()
        await expect(opener).to_be_focused()
        await page.get_by_role("button", name="New watchlist").click()
        form = page.locator("#watchlist-form")
        await form.locator("[name=name]").fill("Two")
        await form.locator("[name=symbols]").fill("nothing-usd, btc-usd")
        await form.get_by_role("button", name="Save").click()
        await expect(page.locator("#watchlist-says")).to_contain_text("NOTHING-USD")
        await form.locator("[name=symbols]").fill("usd-ugx, btc-usd")
        await form.get_by_role("button", name="Save").click()
        symbols = page.locator("#market .market-open")
        await expect(symbols).to_have_text(["USD-UGX", "BTC-USD"])
        await page.locator("#watchlist").select_option(label="All instruments")
        await expect(symbols.nth(3)).to_be_visible()
        await page.locator("#watchlist").select_option(label="Two")
        await expect(symbols).to_have_count(2)
        await page.locator("#watchlist-edit").click()
        await form.get_by_role("button", name="Remove the list").click()
        await expect(symbols.nth(3)).to_be_visible()
        visitor.complaints[:] = [each for each in visitor.complaints if "40" not in each]


async def test_staff_see_how_the_sources_are(browser: Browser, demo: Server) -> None:
    visitor = await Visitor.open(await browser.new_context(), f"{demo.url}/ws/test")
    page = visitor.page
    await log_in(page, "Staff")
    await page.locator("#staff-fold > summary").click()
    source = page.locator("#staff-feeds li", has_text="simulator")
    await expect(source.locator(".feed")).to_have_text("Live")
    await expect(source).to_contain_text("led by")
    await visitor.context.set_offline(True)
    await expect(source.locator(".feed")).to_have_text("Not connected")
    await visitor.context.set_offline(False)
    await expect(source.locator(".feed")).to_have_text("Live")
    assert visitor.complaints == []


async def test_an_unknown_symbol_is_named(browser: Browser, demo: Server) -> None:
    visitor = await at_chart(browser, demo, symbol="NOTHING-USD")
    await expect(visitor.page.locator("#problem")).to_have_text(
        "There is no instrument NOTHING-USD."
    )
    await expect(visitor.page.locator("#alert")).to_be_hidden()


async def test_what_had_no_answer_is_asked_again_by_the_next_connection(
    browser: Browser, demo: Server
) -> None:
    context = await browser.new_context()
    is_away = True

    async def answer(route: Route) -> None:
        await (route.fulfill(status=503, json={}) if is_away else route.continue_())

    await context.route("**/api/v1/instruments", answer)
    visitor = await at_chart(browser, demo, context=context)
    await expect(visitor.page.locator("#problem")).to_contain_text("503")
    is_away = False
    await context.set_offline(True)
    await expect(visitor.page.locator("#status")).not_to_have_attribute("data-state", "online")
    await context.set_offline(False)
    await expect(visitor.page.locator("#name")).to_have_text("Bitcoin")
    await expect(visitor.page.locator("#legend")).to_contain_text("close")
    await expect(visitor.page.locator("#problem")).to_be_empty()
    await expect(visitor.page.locator("#alert")).to_be_visible()


@pytest.mark.parametrize("name", SCREENS)
async def test_the_page_is_fit_for_everybody(browser: Browser, demo: Server, name: str) -> None:
    (width, height), scheme = SCREENS[name]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    await wide_candles().begin(context)
    visitor = await at_chart(browser, demo, context=context)
    page = visitor.page
    await expect(page.locator("#legend")).to_contain_text("close")
    price = await price_of(page)
    await page.locator("#alert [name=threshold]").fill(f"{price + 5000:.2f}")
    await page.locator("#alert-send").click()
    await expect(page.locator(".alert-handle")).to_be_visible()
    await expect(page.locator("#alert-send")).to_be_enabled()
    found = {"chart": await findings(page)}
    if name.startswith("phone"):
        await fits(page)
    await page.get_by_role("button", name="Table").click()
    await expect(page.locator("#rows tr").first).to_be_visible()
    found["table"] = await findings(page)
    if name.startswith("phone"):
        await fits(page)
    await page.get_by_role("button", name="Remove: ").press("Enter")
    await expect(page.locator("#alerts li")).to_have_count(0)
    assert {view: rows for view, rows in found.items() if rows} == {}
    assert visitor.complaints == []
