"""The worker of push messages in Chromium: what it shows, tells the server, and opens.

Chromium's own push service cannot be replaced, so the browser's subscription is made up and the
messages come by its debugger, in clear text. In Firefox the whole path runs: test_push_firefox.py.
A click and a close cannot be made on a headless machine either: their events are made up.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Worker, expect

from notifications.channels.message import Action, Content, Message, Target
from notifications.channels.push import payload
from notifications.channels.push.vapid import new_private_key
from notifications.hooks.tokens import receipt_token
from tests.e2e.conftest import demo_server
from tests.e2e.embed import Embed
from tests.e2e.visitor import notify, token_of, visit
from tests.notifications.addresses.test_push import ENDPOINT, KEYS
from tests.services.ports import PATIENCE, wait_until
from tests.services.server import Server

# What the browser would ask its push service for.
SUBSCRIBING = """
([endpoint, keys]) => {
    let made = null;
    PushManager.prototype.getSubscription = async () => made;
    PushManager.prototype.subscribe = async ({applicationServerKey: key}) => made = {
        options: {applicationServerKey: Uint8Array.from(
            atob(key.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0))},
        toJSON: () => ({endpoint, keys}),
        unsubscribe: async () => { made = null; },
    };
}
"""
# What only a person's hand may do, noted in place of done.
ACTING = """
() => {
    self.done = [];
    clients.openWindow = async (url) => { done.push(["open", url]); };
    WindowClient.prototype.focus = async function () { done.push(["focus", this.url]); };
    self.act = async (type, tag, action = "") => {
        const notification = (await registration.getNotifications()).find((one) => one.tag === tag);
        let acted;
        const event = Object.assign(new Event(type), {
            notification, action, waitUntil: (promise) => { acted = promise; }});
        self.dispatchEvent(event);
        await acted;
        return self.done.splice(0);
    };
}
"""
LISTENING = "() => { client.on('notification', ({id}) => { window.last = id; }); }"
SHOWN = """
async () => (await registration.getNotifications()).map(
    ({title, body, tag, lang, silent, renotify, timestamp, data, actions}) =>
        ({title, body, tag, lang, silent, renotify, timestamp, data, actions}))
"""


class Pushed:
    """A page of Amina's at which push is on, and what its worker shows."""

    def __init__(self, page: Embed, server: Server, worker: Worker, session: Any, id: str) -> None:
        self.page, self.server, self.worker = page, server, worker
        self._session, self._registration = session, id
        self.delivered = 0

    @classmethod
    async def on(cls, context: BrowserContext, server: Server) -> Pushed:
        await context.grant_permissions(["notifications"])
        page = await Embed.start(context, server, "amina")
        session = await context.new_cdp_session(page.page)
        found: list[str] = []
        session.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda told: found.extend(one["registrationId"] for one in told["registrations"]),
        )
        await session.send("ServiceWorker.enable")
        await page.page.evaluate(SUBSCRIBING, [ENDPOINT, KEYS])
        state = await page.get("""
            import("/static/realtime/push.js").then(({createPush}) =>
                (window.push = createPush(client)).turnOn())
        """)
        assert state == "on"
        [worker] = context.service_workers
        await worker.evaluate(ACTING)
        return cls(page, server, worker, session, found[-1])

    async def deliver(self, text: str | bytes) -> None:
        """Deliver a message, as a push service would."""
        self.delivered += 1
        given = text if isinstance(text, str) else text.decode()
        await self._session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": self.server.url, "registrationId": self._registration, "data": given},
        )

    async def show(self, text: str | bytes, count: int = 1) -> list[dict[str, Any]]:
        """Deliver a message until so many are shown, and return them.

        Chromium loses one at times, or is slow; the same one once more replaces itself.
        """
        for _ in range(4):
            await self.deliver(text)
            if found := await self._until_shown(count, seconds=5):
                return found
        raise AssertionError(f"not {count} are shown")

    async def until_closed(self, *left: str) -> None:
        """Wait until nothing is shown but what has these tags."""
        found = await self._until_shown(len(left), seconds=15)
        assert [one["tag"] for one in found] == [*left]

    async def _until_shown(self, count: int, seconds: float) -> list[dict[str, Any]]:
        for _ in range(int(seconds * 20 * PATIENCE)):
            found: list[dict[str, Any]] = await self.worker.evaluate(SHOWN)
            if len(found) == count:
                return sorted(found, key=lambda one: str(one["tag"]))
            await self.page.page.wait_for_timeout(50)
        return []

    async def act(self, type: str, tag: str, action: str = "") -> Any:
        return await self.worker.evaluate("(given) => act(...given)", [type, tag, action])


def message(user: str, number: int, **more: Any) -> bytes:
    """Encode what our channel sends, for a delivery of a number."""
    now = datetime.now(UTC)
    about = {
        "notification_id": str(number),
        "content": Content(title=f"Note {number}", body="Paid.", url="/savings", locale="en"),
        "unread": 3,
        "urgent": False,
    }
    given: dict[str, Any] = about | more
    return payload.padded(
        payload.declarative(
            Message(
                delivery_id=number, user_id=int(user), kind="transaction.debit",
                category="transaction", channel="push", to=Target(value=""), required=False,
                happened_at=now, expires_at=now + timedelta(hours=1),
                receipt_token=receipt_token(number), **given,
            ),
            "https://api.example.com",
        )
    )  # fmt: skip


def receipts(server: Server) -> set[str]:
    with closing(sqlite3.connect(f"file:{server.folder}/db.sqlite3?mode=ro", uri=True)) as database:
        found = database.execute("SELECT event_key FROM notifications_receipt")
        return {key for (key,) in found}


def until_received(server: Server, *keys: str) -> None:
    wait_until(lambda: receipts(server) >= {*keys}, seconds=15, what=f"receipts {keys}")


@pytest.fixture(scope="module")
def demo() -> Iterator[Server]:
    options = {
        "VAPID_PRIVATE_KEY": new_private_key(),
        "VAPID_SUBJECT": "mailto:push@example.com",
        "PUBLIC_BASE_URL": "https://api.example.com",
    }
    with demo_server(SIMULATE_MARKET="0", **options) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def pushed(context: BrowserContext, demo: Server) -> Pushed:
    return await Pushed.on(context, demo)


async def test_a_message_is_shown_as_it_says_and_the_server_hears_of_it(pushed: Pushed) -> None:
    await pushed.worker.evaluate("""() => {
        self.badges = [];
        navigator.setAppBadge = async (count) => { badges.push(count); };
    }""")
    [shown] = await pushed.show(message("1", 101))
    assert abs(shown.pop("timestamp") / 1000 - datetime.now(UTC).timestamp()) < 60
    data = shown.pop("data")
    assert (data["id"], data["url"]) == ("101", "/savings")
    said = {"title": "Note 101", "body": "Paid.", "tag": "101", "lang": "en"}
    assert shown == {**said, "silent": False, "renotify": False, "actions": []}
    await asyncio.to_thread(until_received, pushed.server, "101:displayed")
    badges = await pushed.worker.evaluate("badges")
    assert {*badges} == {3}  # never another, and for each message once: it may come twice
    assert len(badges) <= pushed.delivered
    await pushed.deliver(message("1", 101))  # which replaces it
    _, second = await pushed.show(message("1", 102, urgent=True), 2)
    assert second["renotify"] is True


async def test_what_cannot_be_read_is_shown_all_the_same(pushed: Pushed) -> None:
    texts = ["", "no JSON", "{}", "[]", '{"notification": null}', '{"notification": {}}']
    for text in texts:
        [shown] = await pushed.show(text)
        assert (shown["title"], shown["body"]) == ("New message", "Open the app to read it.")
        await pushed.act("notificationclick", "hoardrun")
        await pushed.until_closed()


async def test_what_cannot_be_shown_as_it_says_is_shown_all_the_same(pushed: Pushed) -> None:
    said = json.loads(message("1", 103))
    said["notification"]["timestamp"] = "yesterday"
    await pushed.worker.evaluate(
        """() => {
            const show = registration.showNotification.bind(registration);
            registration.showNotification = async (title, options) => {
                if (options.timestamp) throw new TypeError("refused");
                return show(title, options);
            };
        }"""
    )
    [shown] = await pushed.show(json.dumps(said))
    assert (shown["title"], shown["tag"]) == ("New message", "103")


async def test_a_message_of_another_user_tells_nothing_and_proves_nothing(pushed: Pushed) -> None:
    content = Content(title="Siri", body="Umelipa.", url="/x", locale="sw")
    [shown] = await pushed.show(message("2", 104, content=content))
    assert (shown["title"], shown["lang"], shown["data"]) == ("Ujumbe mpya", "sw", None)
    assert await pushed.act("notificationclick", "104") == [["open", "/"]]
    await pushed.deliver(message("1", 105))
    await asyncio.to_thread(until_received, pushed.server, "105:displayed")
    assert not {key for key in receipts(pushed.server) if key.startswith("104:")}


async def test_who_comes_later_is_not_told_what_is_anothers(pushed: Pushed) -> None:
    other = await Embed.start(pushed.page.context, pushed.server, "brian")
    state = """import("/static/realtime/push.js").then(({createPush}) =>
        (window.push = createPush(client)).state())"""
    assert await other.get(state) == "off"
    await other.until("caches.match(`${origin}/hoardrun-push/`).then((one) => one.json())"
                      ".then(({user, owner}) => user !== owner)")  # fmt: skip
    assert (await pushed.show(message("1", 106)))[0]["title"] == "New message"


async def test_it_is_silent_where_a_page_shows_the_same(pushed: Pushed) -> None:
    await pushed.page.page.evaluate(LISTENING)
    await asyncio.to_thread(notify, pushed.server, "amina", "Here")
    number = int(await pushed.page.until("window.last"))
    [shown] = await pushed.show(message("1", number))
    assert shown["silent"] is True


async def test_a_click_brings_the_page_of_the_user_or_opens_one(pushed: Pushed) -> None:
    await pushed.page.page.evaluate("push.onopen = (opened) => { window.opened = opened; }")
    await pushed.show(message("1", 107))
    assert (await pushed.act("notificationclick", "107"))[0][0] == "focus"
    opened = await pushed.page.until("window.opened")
    assert opened == {"id": "107", "url": "/savings", "action": ""}
    await pushed.until_closed()
    await asyncio.to_thread(until_received, pushed.server, "107:clicked")


ASKED = Content(
    title="Security message", body="Open the app to read it.", url="/security",
    actions=(Action("was_me", "It was me"), Action("was_not_me", "It wasn't me")),
)  # fmt: skip
DELIVERED = """
from datetime import timedelta
from notifications.models import Delivery
from realtime import clock
now = clock.now()
row = Delivery.objects.create(user_id=1, kind="security.new_device", category="security",
    channel="push", state="accepted", decided_by="due", policy_version="p", not_before=now,
    expires_at=now + timedelta(hours=1), attempts=1, created_at=now, updated_at=now)
print(row.pk)
"""


async def test_a_button_opens_the_page_that_confirms_it_and_the_server_hears_its_name(
    pushed: Pushed,
) -> None:
    number = int(await asyncio.to_thread(pushed.server.shell, DELIVERED))
    await pushed.page.page.evaluate("push.onopen = (opened) => { window.opened = opened; }")
    [shown] = await pushed.show(message("1", number, content=ASKED))
    assert [one["title"] for one in shown["actions"]] == ["It was me", "It wasn't me"]
    tag = str(number)
    assert (await pushed.act("notificationclick", tag, "was_not_me"))[0][0] == "focus"
    place = f"/security?notification={tag}&action=was_not_me"
    opened = await pushed.page.until("window.opened")
    assert opened == {"id": tag, "url": place, "action": "was_not_me"}
    await asyncio.to_thread(until_received, pushed.server, f"{tag}:clicked:was_not_me")
    await pushed.show(message("1", number, content=ASKED))
    await pushed.page.page.close()  # no page is there: one is opened
    assert await pushed.act("notificationclick", tag, "was_me") == [
        ["open", f"/security?notification={tag}&action=was_me"]
    ]
    await asyncio.to_thread(until_received, pushed.server, f"{tag}:clicked:was_me")


async def test_only_places_of_the_own_origin_are_opened(pushed: Pushed) -> None:
    places = [
        "https://evil.example/x", "//evil.example", "/a/../b", "/%2e%2E/b", "javascript:alert(1)",
        "\\\\evil.example", "data:text/html,x", "",
    ]  # fmt: skip
    for number, place in enumerate(places, 200):
        said = json.loads(message("1", number))
        said["notification"]["navigate"] = place
        said["notification"]["data"]["url"] = place
        said["notification"]["actions"] = [{"action": "x", "title": "X", "navigate": place}]
        shown = await pushed.show(json.dumps(said), number - 199)
        assert {one["data"]["url"] for one in shown} == {"/"}, place
    await pushed.page.page.close()
    for number in range(200, 200 + len(places)):
        place = f"/?notification={number}&action=x"
        assert await pushed.act("notificationclick", str(number), "x") == [["open", place]]


async def test_a_message_that_is_swept_away_counts_as_seen(pushed: Pushed) -> None:
    await pushed.show(message("1", 110))
    await pushed.act("notificationclose", "110")
    await asyncio.to_thread(until_received, pushed.server, "110:dismissed")


async def test_a_receipt_that_fails_hides_nothing(pushed: Pushed) -> None:
    await pushed.worker.evaluate(
        "() => { self.fetch = async () => { throw new TypeError('no network'); }; }"
    )
    assert (await pushed.show(message("1", 111)))[0]["title"] == "Note 111"


@pytest.mark.reported(number=12)
async def test_what_is_read_elsewhere_is_closed(pushed: Pushed) -> None:
    page, server = pushed.page, pushed.server
    await page.page.evaluate(LISTENING)
    await asyncio.to_thread(notify, server, "amina", "Read me")
    number = await page.until("window.last")
    await pushed.show(message("1", int(number)))
    await pushed.show(message("1", 112), 2)
    token = await asyncio.to_thread(token_of, server, "amina")
    path = f"/api/v1/notifications/{number}/read"
    assert (await asyncio.to_thread(server.request, "POST", path, token=token)).status == 200
    await pushed.until_closed("112")


def endpoints(server: Server) -> set[str]:
    """Read the endpoints that the server has of anybody."""
    with closing(sqlite3.connect(f"file:{server.folder}/db.sqlite3?mode=ro", uri=True)) as database:
        query = "SELECT value FROM notifications_address WHERE state = 'verified'"
        return {value for (value,) in database.execute(query)}


async def test_a_logout_leaves_nothing_behind(pushed: Pushed) -> None:
    await pushed.show(message("1", 113))
    assert endpoints(pushed.server) == {ENDPOINT}
    await pushed.page.page.evaluate("client.reset()")
    await pushed.until_closed()
    gone = lambda: not endpoints(pushed.server)  # noqa: E731 named by what waits for it
    await asyncio.to_thread(wait_until, gone, seconds=15, what="no subscription")
    assert await pushed.page.get("push.state()") == "off"
    [shown] = await pushed.show(message("1", 114))  # it was on its way
    assert shown["title"] == "New message"


@pytest.mark.reported(number=14)
async def test_a_subscription_that_the_browser_changes_is_renewed_by_the_worker(
    pushed: Pushed,
) -> None:
    """No window has a part in it."""
    changed = f"{ENDPOINT}-changed"
    await pushed.worker.evaluate(
        """([endpoint, keys]) => {
            PushManager.prototype.getSubscription = async () => null;
            PushManager.prototype.subscribe = async () => ({toJSON: () => ({endpoint, keys})});
            const event = Object.assign(new Event("pushsubscriptionchange"), {waitUntil() {}});
            self.dispatchEvent(event);
        }""",
        [changed, KEYS],
    )
    has = lambda: endpoints(pushed.server) == {changed}  # noqa: E731 named by what waits for it
    await asyncio.to_thread(wait_until, has, seconds=15, what="the changed subscription")


@pytest.mark.reported(number=14)
async def test_the_settings_turn_it_on_under_a_policy_and_each_start_renews_it(
    browser: Browser, context: BrowserContext, demo: Server
) -> None:
    await context.grant_permissions(["notifications"])
    await context.add_init_script(f"({SUBSCRIBING})({json.dumps([ENDPOINT, KEYS])})")
    visitor = await visit(browser, demo, "Amina", context)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    await visitor.page.locator("#settings").click()
    here = visitor.page.get_by_label("Push messages to this browser")
    await expect(here).not_to_be_checked()
    async with visitor.page.expect_response("**/push/subscriptions"):
        await here.check()
    await expect(here).to_be_checked()
    asked.clear()
    async with visitor.page.expect_response("**/push/subscriptions") as answering:
        await visitor.page.reload()
    assert (await answering.value).status == 200
    assert "/api/v1/push/key" in asked
    assert visitor.complaints == []
