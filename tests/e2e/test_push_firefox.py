"""The whole path of web push in Firefox: subscribe, encrypt, send, decrypt, show, click, tell.

Nothing is made up here but the push service, which is ours and on loopback: the browser's
subscription, its decryption, its events and what it shows are real.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from notifications.channels.push.vapid import new_private_key
from tests.e2e.conftest import demo_server
from tests.e2e.visitor import notify, token_of
from tests.services.autopush import Autopush
from tests.services.firefox import Firefox, binary
from tests.services.ports import wait_until
from tests.services.process import Process
from tests.services.server import Server

START = """
const [{Client}, {createPush}] = await Promise.all(
    ["client.js", "push.js"].map((name) => import(`/static/realtime/${name}`)));
const token = given[0];
window.client = new Client({getToken: () => token, share: false});
window.push = createPush(client);
push.onopen = (opened) => { window.opened = opened; };
client.connect();
return push.turnOn();
"""
SHOWN = """
const worker = await navigator.serviceWorker.getRegistration("/hoardrun-push/");
const [shown] = await worker.getNotifications({tag: given[0]});
return shown && {title: shown.title, body: shown.body, url: shown.data?.url};
"""
GONE = """
const worker = await navigator.serviceWorker.getRegistration("/hoardrun-push/");
return !(await worker.getNotifications({tag: given[0]})).length;
"""
OPENED = """
const tabs = [...Services.wm.getEnumerator("navigator:browser")].flatMap(
    (one) => [...one.gBrowser.tabs].map((tab) => tab.linkedBrowser.currentURI.spec));
return tabs.find((url) => url.startsWith(given[0]));
"""
# The window in which Firefox shows a notification by itself.
CLICK = """
const alert = Services.wm.getMostRecentWindow("alert:alert");
const box = alert?.document.getElementById("alertBox");
box?.click();
return Boolean(box);
"""


WHO = "second"  # who has no notifications of the demo


class Home:
    """A user's Firefox, at a page of the server."""

    def __init__(self, firefox: Firefox, server: Server, service: Autopush) -> None:
        self.firefox, self.server, self.service = firefox, server, service

    def start(self) -> None:
        """Open a page without a policy, as of an application, and turn push on."""
        self.firefox.go(f"{self.server.url}/static/realtime/client.js")
        assert self.firefox.run(START, token_of(self.server, WHO)) == "on"

    def leave(self) -> None:
        self.firefox.go("about:blank")

    def notify(self, title: str) -> str:
        """Notify the user of what is sent at once; return its id."""
        notify(self.server, WHO, title, type="security")
        [newest] = self.rows("SELECT max(id) FROM notifications_notification")
        return str(newest)

    def shown(self, tag: str) -> dict[str, Any]:
        """Wait until what has a tag is shown."""
        return dict(self.firefox.until(SHOWN, tag))

    def rows(self, query: str) -> set[str]:
        path = f"file:{self.server.folder}/db.sqlite3?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as database:
            return {value for (value,) in database.execute(query)}

    def facts(self) -> set[str]:
        return self.rows(
            "SELECT DISTINCT fact FROM notifications_receipt WHERE provider = 'device'"
        )

    def endpoints(self) -> set[str]:
        return self.rows("SELECT value FROM notifications_address WHERE state = 'verified'")


@contextmanager
def delivering(server: Server) -> Iterator[None]:
    """Run a worker that sends push messages.

    Firefox shows one for 20 seconds: it must be sent while the test looks.
    """
    command = [sys.executable, "manage.py", "deliver", "--channels", "push"]
    process = Process(command, log=server.folder / "deliver.log", env=server.env)
    try:
        yield
    finally:
        process.kill()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    if not binary():
        pytest.exit(
            "There is no Firefox: install it (on Debian: apt-get install firefox-esr).",
            returncode=1,
        )
    options = {
        "VAPID_PRIVATE_KEY": new_private_key(),
        "VAPID_SUBJECT": "mailto:push@example.com",
        "PUBLIC_BASE_URL": "https://api.example.com",
    }
    folder: Path = tmp_path_factory.mktemp("firefox")
    with (
        Autopush() as service,
        demo_server(SIMULATE_MARKET="0", **options) as server,
        delivering(server),
        Firefox(
            folder,
            **{
                "alerts.useSystemBackend": False,  # it shows them itself
                "dom.push.connection.enabled": True,
                "dom.push.retryBaseInterval": 100,
                "dom.push.serverURL": service.socket_url,
                "dom.push.testing.allowInsecureServerURL": True,
                "permissions.default.desktop-notification": 1,
            },
        ) as firefox,
    ):
        yield Home(firefox, server, service)


def test_from_the_subscription_to_the_notification_its_click_and_a_logout(home: Home) -> None:
    home.start()
    assert all(endpoint.startswith(home.service.url) for endpoint in home.endpoints())

    home.firefox.run("await push.test()")
    assert home.shown("test")["body"] == "Notifications reach this device."

    first = home.notify("A new device")
    shown = home.shown(first)
    assert shown["title"]
    assert shown["url"] == "/"
    wait_until(lambda: home.facts() == {"displayed"}, seconds=15, what="a receipt")
    wait_until(home.service.is_taken, seconds=15, what="the browser takes what was accepted")
    assert len(home.service.ledger) >= 2

    home.firefox.until(CLICK, chrome=True)
    assert home.firefox.until("return window.opened")["id"] == first
    wait_until(lambda: home.facts() == {"displayed", "clicked"}, seconds=15, what="a click")

    home.leave()  # the rest happens without a page
    before = home.endpoints()
    home.service.forget()
    wait_until(lambda: home.endpoints() != before, seconds=30, what="the worker renews it")
    [after] = home.endpoints()
    assert after not in before
    second = home.notify("Another device")
    home.firefox.until(CLICK, chrome=True)
    opened = home.firefox.until(OPENED, home.server.url, chrome=True)
    assert opened != "about:blank"

    home.start()
    third = home.notify("One to read")
    home.shown(third)
    path = f"/api/v1/notifications/{third}/read"
    token = token_of(home.server, WHO)
    assert home.server.request("POST", path, token=token).status == 200
    home.firefox.until(GONE, third)

    fourth = home.notify("One at the logout")
    home.shown(fourth)
    home.firefox.run("client.reset()")
    home.firefox.until(GONE, fourth)
    wait_until(lambda: not home.endpoints(), seconds=15, what="the server forgets it")
    assert home.firefox.run("return push.state()") == "off"
    assert home.facts() == {"displayed", "clicked"}  # nobody has swept anything away
    assert second != third
