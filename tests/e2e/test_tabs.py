"""Many tabs of one user: what they share, what they must not, and which one gives way."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect

from tests.e2e.embed import Embed
from tests.e2e.visitor import AMINA, Visitor, notify, until_sockets, visit
from tests.services.environment import ROOT
from tests.services.ports import PATIENCE
from tests.services.server import Server

VERSION_JS = ROOT / "realtime/static/realtime/version.js"
MARKET_MOVES = False
SESSION = "JSON.parse(sessionStorage.getItem('hoardrun.session'))"


@pytest.mark.parametrize("share", [False, True], ids=["alone", "in the worker"])
async def test_the_tab_that_an_eleventh_replaced_is_back_when_it_is_looked_at(
    context: BrowserContext, demo: Server, token: str, share: bool
) -> None:
    await until_sockets(demo, 0)
    first = await Embed.start(context, demo, "amina", token=token, share=share, snapshot=True)
    at = (await first.get("client.positions"))[AMINA]
    await first.hide(not share)
    for _ in range(10):
        await Embed.start(context, demo, "amina", token=token, share=False)
    await first.until("states.at(-1).code === 4409")
    last = await first.get("states.at(-1)")
    assert (last["state"], last["retryInMs"]) == ("connecting", None)
    await asyncio.to_thread(notify, demo, "amina", "While it was aside")
    if share:  # a window beside another is never hidden: the user turns to it
        await first.page.evaluate("dispatchEvent(new Event('focus'))")
    else:
        await first.hide(False)
    await first.until("client.state === 'connected'")
    await first.until("heard.length === 1")
    assert await first.offsets(AMINA) == [at + 1]


async def test_a_page_of_a_new_version_does_not_join_the_worker_of_an_old_one(
    context: BrowserContext, demo: Server, token: str
) -> None:
    await until_sockets(demo, 0)
    old = await Embed.start(context, demo, "amina", token=token)
    new = re.sub('VERSION = ".*"', 'VERSION = "of tomorrow"', VERSION_JS.read_text())
    await context.route(
        "**/version.js", lambda route: route.fulfill(body=new, content_type="text/javascript")
    )
    await Embed.start(context, demo, "amina", token=token)
    await until_sockets(demo, 2)
    assert await old.get("client.state") == "connected"


async def test_a_worker_that_cannot_be_had_is_said_once_and_the_tab_goes_on_alone(
    context: BrowserContext, demo: Server, token: str
) -> None:
    said: list[ConsoleMessage] = []
    context.on("console", lambda words: said.append(words))
    tab = await Embed.start(context, demo, "amina", token=token, workerUrl="/static/none.js")
    assert await tab.get("client.state") == "connected"
    await tab.page.evaluate("client.disconnect(), client.connect()")
    await tab.until("client.state === 'connected'")
    [warning] = [words.text for words in said if words.type == "warning"]
    assert "each tab has a connection of its own" in warning
    assert "/static/none.js" in warning and "workerUrl" in warning


async def test_the_person_is_there_if_that_is_so_in_one_of_the_tabs(
    context: BrowserContext, demo: Server, token: str
) -> None:
    await until_sockets(demo, 0)
    first = await Embed.start(context, demo, "amina", token=token)
    second = await Embed.start(context, demo, "amina", token=token)
    await until_sockets(demo, 1)  # which they share
    await second.page.evaluate(
        """() => {
            window.said = [];
            client.on("presence_updated", ({state}) => said.push(state));
        }"""
    )
    for tab, state in [(first, "active"), (second, "active"), (first, "away"), (second, "away")]:
        await tab.page.evaluate(f"client.presence = '{state}'")
        await tab.page.evaluate("client.ping()")  # answered behind what the worker has said
    assert await second.get("said") == ["active", "away"]
    await first.page.evaluate("client.presence = 'active'")
    await second.until("said.length === 3")
    await first.page.evaluate("client.disconnect()")
    await second.until("said.length === 4")
    assert await second.get("said") == ["active", "away", "active", "away"]


async def waiting(page: Page, prefix: str) -> int:
    """Count the tabs of the page's origin that wait for a Web Lock of this name."""
    count: int = await page.evaluate(
        """async (prefix) => (await navigator.locks.query()).pending
            .filter(({name}) => name.startsWith(prefix)).length""",
        prefix,
    )
    return count


async def renewed(page: Page, before: dict[str, str]) -> None:
    """Wait until a tab has other tokens; its policy forbids to wait inside of it."""
    async with asyncio.timeout(15 * PATIENCE):
        while (await page.evaluate(SESSION))["refresh"] == before["refresh"]:
            await asyncio.sleep(0.05)


async def duplicate(visitor: Visitor, server: Server) -> Visitor:
    """Open a copy of a tab, as "Duplicate tab" does: with a copy of its session storage."""
    stored = await visitor.page.evaluate("JSON.stringify(sessionStorage)")
    copy = await visitor.context.new_page()
    script = "for (const [name, value] of Object.entries({})) sessionStorage[name] ??= value"
    await copy.add_init_script(script.replace("{}", stored))
    other = Visitor(visitor.context, copy)
    other._host = visitor._host
    await copy.goto(f"{server.url}/ws/test")
    await expect(copy.locator("#status")).to_contain_text("Connected")
    return other


async def test_a_duplicated_tab_is_a_device_of_its_own_and_outlives_renewals(
    browser: Browser, demo: Server
) -> None:
    tab = await visit(browser, demo, "Amina")
    copy = await duplicate(tab, demo)
    devices = [
        await page.evaluate("sessionStorage.getItem('hoardrun.device')")
        for page in (tab.page, copy.page)
    ]
    assert len(set(devices)) == 2
    renew = "document.getElementById('renew').click()"
    for page, other in ((tab.page, copy.page), (copy.page, tab.page)):
        before = await page.evaluate(SESSION)
        assert before == await other.evaluate(SESSION)
        await page.evaluate(renew)
        for one in (page, other):
            await renewed(one, before)
    # Both ask before the first is answered: one spends the refresh token, the other waits.
    requests: list[Route] = []
    both_ask = asyncio.Event()

    async def hold(route: Route) -> None:
        requests.append(route)
        await both_ask.wait()
        await route.continue_()

    await tab.context.route("**/auth/refresh", hold)
    before = await tab.page.evaluate(SESSION)
    for page in (tab.page, copy.page):
        await expect(page.locator("#renew")).to_be_enabled()  # the renewal before it has ended
        await page.evaluate(renew)
    async with asyncio.timeout(15 * PATIENCE):
        while len(requests) + await waiting(tab.page, "hoardrun.session ") < 2:
            await asyncio.sleep(0.05)
    both_ask.set()
    for page in (tab.page, copy.page):
        await renewed(page, before)
    # The lock can reach the second tab before the first one's message does. Then it asks, too, and
    # the server answers the spent token with the same successor.
    assert await tab.page.evaluate(SESSION + ".refresh") == await copy.page.evaluate(
        SESSION + ".refresh"
    )
    # A reload keeps its name, and both are still logged in.
    await copy.page.reload()
    await expect(copy.page.locator("#status")).to_contain_text("Connected")
    assert await copy.page.evaluate("sessionStorage.getItem('hoardrun.device')") == devices[1]
    await expect(tab.page.locator("#status")).to_contain_text("Connected")
    assert tab.complaints + copy.complaints == []


ASK_IN_TURN = """async (token) => {
    const {Client} = await import("/static/realtime/client.js");
    AbortSignal.timeout = () => new AbortController().signal; // however long a slow machine takes
    window.asks = 0;
    const getToken = () => (asks++, new Promise((done) => { window.give = () => done(token); }));
    window.other = new Client({share: false, getToken});
    other.connect();
}"""


async def test_tabs_take_turns_to_ask_for_a_token(
    context: BrowserContext, demo: Server, token: str
) -> None:
    tabs = [await Embed.start(context, demo, "amina", token=token, share=False) for _ in range(3)]
    for tab in tabs:
        await tab.page.evaluate(ASK_IN_TURN, token)
    served: list[Embed] = []
    for left in (3, 2, 1):  # one tab asks, and the others wait
        async with asyncio.timeout(15 * PATIENCE):
            while True:
                asking = [tab for tab in tabs if tab not in served and await tab.get("asks")]
                if len(asking) + await waiting(tabs[0].page, "hoardrun token ") == left:
                    break
        [one] = asking
        await one.get("give()")
        served.append(one)
    for tab in tabs:
        await tab.until("other.state === 'connected'")
        assert await tab.get("asks") == 1


async def test_behind_a_path_prefix_the_api_and_the_bell_stay_below_it(
    context: BrowserContext, demo: Server, token: str
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    tab = await Embed.start(context, demo, "amina", token=token)
    server = f"{demo.url}/money"

    async def inner(route: Route) -> None:  # as a proxy that takes the prefix away
        await route.continue_(url=route.request.url.replace("/money/", "/"))

    await context.route("**/money/**", inner)
    asked.clear()
    await tab.page.evaluate(
        """async (server) => {
            await import(`${server}/static/realtime/bell.js`);
            const bell = document.createElement("hoardrun-bell");
            bell.getToken = () => token;
            document.body.append(bell);
            const {Client} = await import(`${server}/static/realtime/client.js`);
            window.below = new Client({url: `${server}/ws/notifications`, getToken: () => token});
            window.me = await below.api("GET", "/api/v1/auth/me");
            await bell.client.api("GET", "/api/v1/snapshot");
        }""",
        server,
    )
    assert await tab.get("me.username") == "amina"
    assert f"{server}/api/v1/auth/me" in asked
    assert not [url for url in asked if "/api/" in url and not url.startswith(server)]
