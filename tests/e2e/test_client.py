"""The browser client in a real browser: what an application that embeds it can rely on."""

from __future__ import annotations

import asyncio
import json

from playwright.async_api import Browser, BrowserContext, expect

from tests.e2e.conftest import demo_server
from tests.e2e.embed import Embed
from tests.e2e.visitor import (
    AMINA,
    HOSTILE,
    Work,
    broadcast,
    notify,
    sockets,
    token_of,
    until_sockets,
    visit,
)
from tests.services.ports import PATIENCE
from tests.services.server import Server

HEARING = """() => {
    window.titles = [];
    client.on("notification", ({title}) => { titles.push(title); });
}"""


def head(server: Server, name: str) -> dict[str, int]:
    """Return the heads of the streams of a user."""
    answer = server.request("GET", "/api/v1/snapshot", token=token_of(server, name))
    return {stream: at["offset"] for stream, at in answer.json()["positions"].items()}


async def test_a_killed_server_costs_no_event_and_doubles_none(
    browser: Browser, context: BrowserContext, own: Server
) -> None:
    """Slow: the server is killed and started three times, each time under load."""
    staff = await asyncio.to_thread(token_of, own, "staff")
    console = await visit(browser, own, "Amina")
    embed = await Embed.start(context, own, "amina", snapshot=True)
    await embed.get(HEARING)
    first = (await embed.get("client.positions"))[AMINA]
    stop = asyncio.Event()

    def push(number: int) -> bool:
        """Say whether it is done; what has no whole answer may be, and is sent again."""
        body = {"user_id": 1, "title": f"Load {number}", "message": "m", "key": f"load-{number}"}
        try:
            answer = own.request("POST", "/api/v1/notifications", json=body, token=staff)
        except OSError:
            return False
        assert answer.status in {200, 201}, answer
        return True

    async def load() -> int:
        number = 0
        while not stop.is_set():
            number += 1
            while not await asyncio.to_thread(push, number):
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.02)
        return number

    async with asyncio.TaskGroup() as group:
        loading = group.create_task(load())
        for _ in range(3):
            before = len(await embed.offsets(AMINA))
            await embed.until(f"heard.length > {before} + 15")
            await asyncio.to_thread(own.kill)
            await expect(console.page.locator("#status")).to_contain_text("Reconnecting")
            await embed.until("client.state === 'connecting'")
            await asyncio.to_thread(own.start)
            await expect(console.page.locator("#status")).to_contain_text(
                "Connected", timeout=40_000 * PATIENCE
            )
            await embed.until("client.state === 'connected'", 40)
        stop.set()
    last = (await asyncio.to_thread(head, own, "amina"))[AMINA]
    await embed.until(f"client.positions['{AMINA}'] === {last}")
    assert await embed.offsets(AMINA) == list(range(first + 1, last + 1))
    assert await embed.get("titles") == [f"Load {n}" for n in range(1, loading.result() + 1)]
    unread = (await embed.get("client.api('GET', '/api/v1/snapshot')"))["counts"]["unread"]
    badge = console.page.locator("#bell .badge")
    await expect(badge).to_have_text("99+" if unread > 99 else str(unread))
    assert await console.page.locator("#m-gaps").inner_text() == "0"
    assert console.complaints + embed.complaints == []


async def test_a_hidden_page_stays_quiet_and_comes_back_when_it_is_shown(
    context: BrowserContext, own: Server
) -> None:
    await context.clock.install()
    embed = await Embed.start(context, own, "amina", share=False)
    opened: list[str] = []
    embed.page.on("websocket", lambda socket: opened.append(socket.url))
    await embed.hide()
    await asyncio.to_thread(own.kill)
    await embed.until("client.state === 'connecting'")
    assert (await embed.get("states.at(-1)"))["retryInMs"] is None
    await asyncio.to_thread(own.start)
    notify(own, "amina", "While hidden")
    # Visible, it would have come back long before.
    await context.clock.fast_forward("01:00:00")
    assert opened == []
    assert await embed.get("client.state") == "connecting"
    await embed.hide(False)
    await embed.until("client.state === 'connected'")
    assert len(opened) == 1
    await embed.until("heard.length === 1")


async def test_offline_it_waits_longer_and_online_it_is_back_at_once(
    context: BrowserContext, demo: Server
) -> None:
    await context.clock.install()
    embed = await Embed.start(context, demo, "amina", share=False)
    await context.set_offline(True)
    await embed.until("states.at(-1).retryInMs >= 15_000")
    await context.clock.pause_at(await embed.get("Date.now() / 1000 + 1"))  # no timer of it fires
    await context.set_offline(False)
    await embed.until("client.state === 'connected'")


async def test_a_token_that_ends_is_renewed_on_the_open_socket(context: BrowserContext) -> None:
    with demo_server(ACCESS_TOKEN_MINUTES="60") as server:
        await context.clock.install()  # in the page; a worker has no such access
        embed = await Embed.start(context, server, "amina", share=False)
        first = len(await embed.get("asked"))
        await embed.page.evaluate(
            """() => {
                const login = {username: "amina", password: "amina-demo-pass"};
                window.fresh = async () => (await (await fetch("/api/v1/auth/token", {
                    method: "POST",
                    headers: {"Content-Type": "application/json"},
                    body: JSON.stringify(login),
                })).json()).access;
                window.renewed = 0;
                client.on("authenticated", () => renewed++);
            }"""
        )
        for times in (1, 2):
            await context.clock.fast_forward("59:30")
            await embed.until(f"renewed === {times}")
        await asyncio.to_thread(notify, server, "amina", "Still here")
        await embed.until("heard.length === 1")
        assert (await embed.get("asked"))[first:] == ["expiring"] * 2
        assert [change["state"] for change in await embed.get("states")] == [
            "connecting",
            "connecting",
            "connected",
        ]
        assert embed.complaints == []


async def test_a_refused_token_is_asked_for_again_and_a_missing_one_disconnects(
    context: BrowserContext, demo: Server, token: str
) -> None:
    embed = await Embed.blank(context, demo)
    await embed.page.evaluate(
        "good => { window.fresh = (why) => ({connect: 'not.a.token', refused: good})[why]; }", token
    )
    await embed.connect(share=False)
    await embed.until("client.state === 'connected'")
    assert await embed.get("asked") == ["connect", "refused"]
    assert 4401 in [change["code"] for change in await embed.get("states")]
    await embed.page.evaluate("client.disconnect()")
    await embed.page.evaluate("window.fresh = () => null")
    await embed.connect(share=False)
    await embed.until("client.state === 'disconnected'")
    assert (await embed.get("states.at(-1)"))["reason"] == "nobody is logged in"


async def test_a_handler_that_throws_is_reported_and_stops_nothing(
    context: BrowserContext, demo: Server
) -> None:
    embed = await Embed.start(context, demo, "amina", device="thrower", snapshot=True)
    first = (await embed.get("client.positions"))[AMINA]
    await embed.page.evaluate(
        """() => {
            window.titles = [];
            client.on("notification", ({title}) => {
                if (title === "Two") throw new Error("mine");
            });
            client.on("notification", ({title}) => titles.push(title));
            client.on("acked", ({stream, offset}) => { window.acked = [stream, offset]; });
        }"""
    )
    for title in ("One", "Two"):
        await asyncio.to_thread(notify, demo, "amina", title)
    await embed.until("titles.length === 2")
    await embed.until(f"window.acked?.[1] === {first + 1}")  # the earlier events are acknowledged
    await asyncio.to_thread(notify, demo, "amina", "Three")
    await embed.until(f"window.acked?.[1] === {first + 3}")
    assert await embed.get("titles") == ["One", "Two", "Three"]
    assert embed.complaints == ["mine"]


async def test_an_event_is_acknowledged_once_its_handler_has_finished(
    context: BrowserContext, demo: Server
) -> None:
    await context.clock.install()
    embed = await Embed.start(context, demo, "amina", device="slow", snapshot=True, share=False)
    await embed.page.evaluate(
        """() => {
            window.acks = 0;
            client.on("acked", () => acks++);
            client.on("notification", () => new Promise((done) => { window.done = done; }));
        }"""
    )
    await asyncio.to_thread(notify, demo, "amina", "Slowly")
    await embed.until("Boolean(window.done)")
    await embed.get("client.ping()")
    await context.clock.fast_forward(1500)  # longer than acknowledgements are gathered
    await embed.get("client.ping()")
    assert await embed.get("acks") == 0
    await embed.page.evaluate("done()")
    await embed.until("acks === 1")


async def test_requests_resolve_by_id_or_reject_with_the_servers_error(
    context: BrowserContext, demo: Server
) -> None:
    embed = await Embed.start(context, demo, "amina", share=False, requestTimeoutMs=3000)
    assert await embed.get("client.ping()") > 0
    joined = await embed.get("client.join(['market:BTC-USD', 'market:crypto'], {rate: '1s'})")
    assert [(room["room"], room["rate"]) for room in joined] == [
        ("market:BTC-USD", "1s"),
        ("market:crypto", "1s"),
    ]
    found = await embed.get(
        "client.join('market:nowhere').catch(({name, code, retryable}) => [name, code, retryable])"
    )
    assert found == ["ServerError", "unknown_room", False]
    assert await embed.get("client.subscribe(['security', 'balance'])") == ["balance", "security"]
    assert await embed.get("client.unsubscribe(['balance'])") == ["security"]
    # After the socket is lost, rooms and filters are there again.
    await context.set_offline(True)
    await embed.until("client.state === 'connecting'")
    await context.set_offline(False)
    await embed.until("client.state === 'connected'")
    rooms = await embed.get("client.listRooms()")
    assert set(rooms["joined"]) == {"market:BTC-USD", "market:crypto"}
    assert await embed.get("client.subscribe([])") == ["security"]
    assert await embed.get("client.leave('market:crypto')") == [
        {"room": "market:crypto", "reason": "request"}
    ]
    # A request that cannot be answered ends by itself.
    await context.set_offline(True)
    await embed.until("client.state === 'connecting'")
    ended = await embed.get("client.listRooms().catch(({name}) => name)")
    assert ended == "TimeoutError"


async def test_trimmed_events_are_replaced_by_a_snapshot(
    context: BrowserContext, demo: Server
) -> None:
    embed = await Embed.start(context, demo, "brian", share=False, snapshot=True)
    assert [resync["reason"] for resync in await embed.get("resyncs")] == ["start"]
    stream = next(name for name in await embed.get("client.positions") if name != "announcements")
    await context.set_offline(True)
    await embed.until("client.state === 'connecting'")
    for number in range(5):
        await asyncio.to_thread(notify, demo, "brian", f"Trimmed {number}")
    await asyncio.to_thread(demo.manage, "trim_events", "--keep", "0")
    await context.set_offline(False)
    resync = await embed.until("resyncs[1]")
    assert (resync["reason"], resync["stream"]) == ("trimmed", stream)
    titles = [note["title"] for note in resync["snapshot"]["notifications"]]
    assert titles[:5] == [f"Trimmed {number}" for number in (4, 3, 2, 1, 0)]
    assert await embed.offsets(stream) == []
    await asyncio.to_thread(notify, demo, "brian", "After it")
    await embed.until("heard.length === 1")
    assert embed.complaints == []


async def test_a_snapshot_that_was_given_up_is_read_at_the_next_connect(
    context: BrowserContext, demo: Server
) -> None:
    embed = await Embed.start(context, demo, "brian", share=False, snapshot=True)
    await embed.page.evaluate("client.disconnect()")
    await asyncio.to_thread(notify, demo, "brian", "Soon trimmed")
    await asyncio.to_thread(demo.manage, "trim_events", "--keep", "0")
    await context.route("**/api/v1/snapshot", lambda route: route.fulfill(status=503))
    await embed.page.evaluate("client.connect()")
    await embed.until("states.some(({reason}) => reason.startsWith('There is no snapshot.'))")
    await asyncio.to_thread(notify, demo, "brian", "Held back")
    await embed.until("client.stats.in > 2")
    assert await embed.get("resyncs.length") == 1
    await embed.page.evaluate("client.disconnect()")
    await context.unroute("**/api/v1/snapshot")
    await embed.page.evaluate("client.connect()")
    resync = await embed.until("resyncs[1]")
    assert resync["snapshot"]["notifications"][0]["title"] == "Held back"
    assert await embed.get("heard") == []
    await asyncio.to_thread(notify, demo, "brian", "After it")
    await embed.until("heard.length === 1")


async def test_a_token_that_cannot_be_sent_is_a_failed_attempt(
    context: BrowserContext, demo: Server
) -> None:
    embed = await Embed.blank(context, demo)
    await embed.connect("not a token", share=False)
    await embed.until("states.filter(({retryInMs}) => retryInMs !== null).length > 1")
    assert embed.complaints == []


async def test_a_worker_that_dies_is_replaced(
    browser: Browser, context: BrowserContext, demo: Server, token: str
) -> None:
    tabs = [await Embed.start(context, demo, "amina", token=token, snapshot=True) for _ in range(2)]
    first = (await tabs[0].get("client.positions"))[AMINA]
    await tabs[0].get("client.join('market:crypto')")
    session = await browser.new_browser_cdp_session()
    found = (await session.send("Target.getTargets"))["targetInfos"]
    [worker] = [target for target in found if target["type"] == "shared_worker"]
    await session.send("Target.closeTarget", {"targetId": worker["targetId"]})
    for tab in tabs:
        await tab.until("states.filter(({state}) => state === 'connected').length === 2")
    await asyncio.to_thread(notify, demo, "amina", "Through another worker")
    for tab in tabs:
        await tab.until(f"client.positions['{AMINA}'] === {first + 1}")
        assert await tab.offsets(AMINA) == [first + 1]
        assert tab.complaints == []
    rooms = await tabs[0].get("client.listRooms().then(({joined}) => joined)")
    assert rooms == ["market:crypto"]


async def test_another_epoch_is_replaced_by_a_snapshot(
    context: BrowserContext, own: Server
) -> None:
    """Slow: a server of its own, killed and started again behind a new epoch."""
    embed = await Embed.start(context, own, "amina", share=False, snapshot=True)
    await asyncio.to_thread(own.kill)
    await embed.until("client.state === 'connecting'")
    await asyncio.to_thread(own.manage, "bump_epoch", "--all")
    await asyncio.to_thread(own.start)
    await embed.until("client.state === 'connected'", 40)
    await embed.until("resyncs.length > 1")
    assert {resync["reason"] for resync in (await embed.get("resyncs"))[1:]} == {"epoch"}
    await asyncio.to_thread(notify, own, "amina", "In the new epoch")
    last = (await asyncio.to_thread(head, own, "amina"))[AMINA]
    await embed.until("heard.length === 1")
    assert await embed.offsets(AMINA) == [last]


async def test_tabs_share_one_socket_and_each_hears_everything(
    context: BrowserContext, demo: Server, token: str
) -> None:
    await until_sockets(demo, 0)
    many = 11  # one more than a user may have sockets
    tabs = [
        await Embed.start(context, demo, "amina", token=token, snapshot=True) for _ in range(many)
    ]
    await until_sockets(demo, 1)
    one, two, three, *others = tabs
    first = (await one.get("client.positions"))[AMINA]
    await one.get("client.join('market:BTC-USD', {rate: '5s'})")
    await two.get("client.join('market:crypto')")
    await three.get("client.subscribe(['security'])")
    await asyncio.to_thread(notify, demo, "amina", "To all tabs")
    for tab in (one, two, *others):
        await tab.until("heard.length === 1")
        assert await tab.get("client.state") == "connected"
    assert await three.offsets(AMINA) == []  # it subscribed to something else
    await asyncio.to_thread(notify, demo, "amina", "A new device", type="security")
    for tab in tabs:
        await tab.until(f"client.positions['{AMINA}'] === {first + 2}")
    assert await three.offsets(AMINA) == [first + 2]
    # A tab that comes later has what the others had, and not twice.
    late = await Embed.start(
        context, demo, "amina", token=token, positions={AMINA: first, "announcements": 0}
    )
    await late.until(f"client.positions['{AMINA}'] === {first + 2}")
    assert await late.offsets(AMINA) == [first + 1, first + 2]
    # A tab that goes takes nothing from the others, not even by crashing.
    await one.page.close()
    await asyncio.to_thread(notify, demo, "amina", "After one left")
    for tab in (two, late):
        await tab.until(f"client.positions['{AMINA}'] === {first + 3}")
    assert await two.get("client.listRooms().then(({joined}) => joined)") == ["market:crypto"]
    assert len(sockets(demo)) == 1
    for tab in (two, three, late, *others):
        assert tab.complaints == []
        await tab.page.close()
    await until_sockets(demo, 0)


async def test_other_logins_share_nothing_and_without_a_worker_each_has_its_own(
    context: BrowserContext, demo: Server, token: str
) -> None:
    await until_sockets(demo, 0)
    tabs = [await Embed.start(context, demo, "amina") for _ in range(2)]  # two logins of one user
    other = await Embed.start(context, demo, "brian")
    await until_sockets(demo, 2)  # one for each login
    await asyncio.to_thread(notify, demo, "amina", "To Amina alone")
    for tab in tabs:
        await tab.until("heard.length === 1")
    assert await other.get("heard") == []
    await context.add_init_script("delete window.SharedWorker")
    for _ in range(2):
        await Embed.start(context, demo, "amina", token=token)
    await until_sockets(demo, 4)  # one for each tab


async def test_a_lost_shared_socket_comes_back_for_all_tabs(
    context: BrowserContext, own: Server
) -> None:
    token = await asyncio.to_thread(token_of, own, "amina")
    tabs = [await Embed.start(context, own, "amina", token=token) for _ in range(2)]
    first = (await tabs[0].get("client.positions"))[AMINA]
    await tabs[1].get("client.join('market:crypto')")
    await asyncio.to_thread(own.kill)
    for tab in tabs:
        await tab.until("client.state === 'connecting'")
    await asyncio.to_thread(own.start)
    await asyncio.to_thread(notify, own, "amina", "Missed, or not")
    for tab in tabs:
        await tab.until(f"client.positions['{AMINA}'] === {first + 1}", 40)
        assert await tab.offsets(AMINA) == [first + 1]
    assert await tabs[1].get("client.listRooms().then(({joined}) => joined)") == ["market:crypto"]


async def test_markup_in_any_field_is_shown_as_text(browser: Browser, demo: Server) -> None:
    console = await visit(browser, demo, "Amina")
    page = console.page
    notify(demo, "amina", HOSTILE, message=HOSTILE, metadata={HOSTILE: HOSTILE})
    transaction = {"user_id": 1, "id": HOSTILE[:64], "status": "pending", "amount": "1.00"}
    words = {"description": HOSTILE, "reference": f"{HOSTILE} reference", "type": "payment"}
    broadcast(demo, "transaction", currency="UGX", **transaction, **words)
    rename = f"""
from hoardrun.ledger.models import Account
account = Account.objects.filter(user_id=1).first()
account.name = {HOSTILE!r}
account.save()
"""
    await asyncio.to_thread(demo.shell, rename)
    broadcast(demo, "announcement", title=HOSTILE, message=HOSTILE)
    broadcast(demo, "market", symbol="XSS-USD", price="1.0", name=HOSTILE, type="crypto")
    await expect(page.locator("#banners")).to_contain_text(HOSTILE)
    row = page.locator("#transactions li", has=page.get_by_text(HOSTILE, exact=True))
    await expect(row).to_contain_text(f"{HOSTILE} reference")
    await expect(page.locator("#balances")).to_contain_text(HOSTILE)
    await page.locator("#bell .bell").click()
    await expect(page.locator("#bell .panel")).to_contain_text(HOSTILE)
    for row in await page.locator("#log .log-head").all():
        if HOSTILE[:10] in await row.inner_text():
            await row.click()
    assert await page.evaluate("window.broken") is None
    assert await page.locator("#live img, #bell img, #log img, #live script").count() == 0
    assert console.complaints == []


async def test_two_hundred_notifications_at_once_are_all_there_and_each_costs_as_one_of_fifty(
    browser: Browser, own: Server
) -> None:
    console = await visit(browser, own, "Amina")
    push = """
from notifications.services import notification_create
for number in range({}):
    notification_create(user_id=1, title=f"Number {{number}}", message="m")
"""
    facts = console.page.locator("#connection-facts")
    meter = await Work.of(console.page)
    work: dict[int, float] = {}
    for count in (50, 200):
        first = (await asyncio.to_thread(head, own, "amina"))[AMINA]
        before = await meter.seconds()
        await asyncio.to_thread(own.shell, push.format(count))
        last = (await asyncio.to_thread(head, own, "amina"))[AMINA]
        assert last - first == count
        await expect(facts).to_contain_text(f"{AMINA} at {last}", use_inner_text=False)
        work[count] = await meter.seconds() - before
        assert await console.page.locator("#m-gaps").inner_text() == "0"
    await expect(console.page.locator("#bell .badge")).to_have_text("99+")
    print(json.dumps({"work_s": work}))
    assert work[200] < 8 * work[50]  # in proportion it would be 4 times
    assert console.complaints == []
