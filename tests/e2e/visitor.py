"""A user at a page of the product, and all complaints of the user's browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Page,
    Request,
    expect,
)

from tests.services.ports import wait_until
from tests.services.server import Server

# The browser's own messages where a test takes the server or the network away.
OF_AN_OUTAGE = (
    "ERR_INTERNET_DISCONNECTED",
    "ERR_CONNECTION_CLOSED",
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "Connection closed before receiving a handshake response",
)
# Text that would run, or show as a picture, in a page that took it for markup.
HOSTILE = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>\'"&lt;'
AMINA_ID = 1  # seed_demo makes her first
AMINA = f"user:{AMINA_ID}"  # her stream
SUPERUSER = """
from django.contrib.auth.models import User
if not User.objects.filter(username="root").exists():
    User.objects.create_superuser("root", password="root-pass")
"""
WATCH_POLICY = """
addEventListener("securitypolicyviolation", ({violatedDirective, blockedURI}) =>
    console.error(`CSP: ${violatedDirective} ${blockedURI}`))
"""


class Visitor:
    """A page, and in `complaints` its errors, broken policies and requests to elsewhere."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        self._asked: set[Request] = set()  # what has no answer yet
        self._left: set[str] = set()  # what had none when the user logged out: it may be refused
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._said)
        page.on("request", self._requested)
        page.on("requestfinished", self._answered)
        page.on("requestfailed", self._answered)
        page.on("websocket", lambda socket: self._check(socket.url))
        self._host = ""

    @classmethod
    async def open(cls, context: BrowserContext, url: str) -> Self:
        """Open a page; from then on, every other host is a complaint."""
        await context.add_init_script(WATCH_POLICY)
        visitor = cls(context, await context.new_page())
        visitor._host = urlsplit(url).netloc
        await visitor.page.goto(url)
        return visitor

    def _said(self, message: ConsoleMessage) -> None:
        url = str(message.location.get("url"))
        is_left = "status of 401" in message.text and url in self._left
        is_of_an_outage = any(words in message.text for words in OF_AN_OUTAGE)
        if message.type == "error" and not is_left and not is_of_an_outage:
            self.complaints.append(f"{message.text} {url}")

    def _requested(self, request: Request) -> None:
        if request.url.endswith("/auth/logout"):
            self._left |= {each.url for each in self._asked}
        self._asked.add(request)
        self._check(request.url)

    def _answered(self, request: Request) -> None:
        self._asked.discard(request)

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != self._host:
            self.complaints.append(f"a request to elsewhere: {url}")

    async def unread(self) -> int:
        """Read the bell's badge."""
        text = await self.page.locator("#bell .badge").inner_text()
        return int(text or 0)


async def log_in(page: Page, name: str) -> None:
    """Choose a demo user at the console's login."""
    await page.locator("#demo-users button", has_text=name).click()
    await expect(page.locator("#status")).to_contain_text("Connected")


async def log_in_to_admin(page: Page, server: Server) -> None:
    """Log in at the admin as a superuser, created at the first call."""
    await asyncio.to_thread(server.shell, SUPERUSER)
    await page.goto(f"{server.url}/admin/login/")
    await page.fill("[name=username]", "root")
    await page.fill("[name=password]", "root-pass")
    await page.click("[type=submit]")
    await expect(page.locator("#content h1")).to_contain_text("Support")


async def visit(
    browser: Browser, server: Server, name: str, context: BrowserContext | None = None
) -> Visitor:
    """Log in at the console as a demo user."""
    context = context or await browser.new_context(viewport={"width": 1440, "height": 900})
    visitor = await Visitor.open(context, f"{server.url}/ws/test")
    await log_in(visitor.page, name)
    await expect(visitor.page.locator("#balances article")).to_have_count(3)
    return visitor


@asynccontextmanager
async def visiting(browser: Browser, server: Server, name: str) -> AsyncIterator[Visitor]:
    """Be at the console as a demo user; afterwards nothing must have been complained of."""
    visitor = await visit(browser, server, name)
    yield visitor
    assert visitor.complaints == []


async def set_hidden(page: Page, hidden: bool) -> None:
    """Let a page believe that it is hidden, or shown: headless browsers never hide one."""
    await page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


class Work:
    """Measures the work of a page's main thread, which a busy machine does not change."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session

    @classmethod
    async def of(cls, page: Page) -> Work:
        """Begin to count."""
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        return cls(session)

    async def seconds(self) -> float:
        """Return the seconds of work since the count began."""
        found = (await self._session.send("Performance.getMetrics"))["metrics"]
        return next(float(one["value"]) for one in found if one["name"] == "TaskDuration")


def token_of(server: Server, name: str) -> str:
    """Log in over HTTP."""
    return server.log_in(name, f"{name}-demo-pass")["access"]


def send_as_staff(server: Server, path: str, body: dict[str, object]) -> None:
    answer = server.request("POST", path, json=body, token=token_of(server, "staff"))
    assert answer.status in {200, 201}, answer


def notify(server: Server, name: str, title: str, **more: object) -> None:
    """Send a customer a notification, as staff."""
    user_id = server.request("GET", "/api/v1/auth/me", token=token_of(server, name)).json()["id"]
    body = {"user_id": int(user_id), "title": title, "message": "m", **more}
    send_as_staff(server, "/api/v1/notifications", body)


def broadcast(server: Server, kind: str, **body: object) -> None:
    """Publish a message of a kind, as staff."""
    send_as_staff(server, f"/ws/broadcast/{kind}", body)


def sockets(server: Server) -> list[dict[str, str]]:
    """Read which connections the server has of Amina, as staff."""
    path = f"/ws/connections?user_id={AMINA_ID}"
    return list(server.request("GET", path, token=token_of(server, "staff")).json())


async def until_sockets(server: Server, count: int) -> None:
    """Wait until the server has `count` connections of Amina."""

    def there_are() -> bool:
        return len(sockets(server)) == count

    await asyncio.to_thread(wait_until, there_are, seconds=15, what=f"{count} sockets")
