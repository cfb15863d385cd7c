"""Take the pictures of what leaves the app: the phone, e-mails, the settings, "Why", a push."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import httpcore
from playwright.async_api import Browser, Page, expect

from hoardrun.demo.providers.money.server import Money
from notifications.channels.push.vapid import new_private_key
from tests.e2e import visitor
from tests.e2e.conftest import SEED, demo_server
from tests.e2e.pictures import keep, keep_together
from tests.hoardrun.demo.providers.money.support import CallbackServer, Merchant
from tests.services.autopush import Autopush
from tests.services.firefox import Firefox
from tests.services.process import Process
from tests.services.server import Server

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
DESK, PHONE = (1280, 900), (390, 844)
WIDE, LONG = (1800, 2600), (390, 2600)  # of the panel, which is shown whole
BRAND = {
    "BRAND_SUPPORT": "0800 100 200",
    "BRAND_FOOTER": "hoardrun Ltd, Kampala. Regulated by the central bank.",
    "BRAND_LOCALE": "en-UG",
    "BRAND_ZONE": "Africa/Kampala",
}
HAPPENS = """
from datetime import timedelta
from decimal import Decimal
from hoardrun.ledger.models import Transaction
from hoardrun.ledger.services import transaction_move
from notifications.kinds.savings import GoalReached
from notifications.kinds.security import NewDevice
from notifications.kinds.values import Money
from notifications.services import notification_compose
from realtime import clock
kind = dict(user_id=1)
notification_compose(kind="security.new_device", **kind,
    values=NewDevice(device="Chrome on Android", place="Kampala", happened_at=clock.now()))
notification_compose(kind="savings.goal_reached", **kind,
    values=GoalReached(goal="School fees", amount=Money(Decimal(1_500_000), "UGX")))
for txn in Transaction.objects.filter(account__user_id=1, status="pending")[:1]:
    transaction_move(to="completed", txn_id=txn.pk)
"""
SHOWS_AMOUNTS = """
from notifications.models import Preference
from realtime import clock
values = dict(hide_amounts=False, updated_at=clock.now())
Preference.objects.update_or_create(user_id=1, defaults=values)
"""
MAILS = """
import json
from notifications import kinds
from notifications.texts.preview import previews
found = []
for code in ("en", "sw", "fr", "lg"):
    one = next(iter(previews(kinds.find("transaction.debit"), locale=code, channels=("email",),
        zone="Africa/Kampala", address="https://bank.example")))
    found.append({"title": one.content.title, "text": one.content.body, "html": one.content.html})
print(json.dumps(found))
"""
WHY = """
from notifications.models import Notification
print(Notification.objects.filter(user=1, kind="transaction.debit").latest("pk").pk)
"""
# Firefox draws what it shows in a window of its own.
DRAWN = """
const alert = Services.wm.getMostRecentWindow("alert:alert");
const box = alert?.document.getElementById("alertBox");
if (!box) return null;
const picture = await alert.browsingContext.currentWindowGlobal.drawSnapshot(null, 2, "white");
const canvas = alert.document.createElementNS("http://www.w3.org/1999/xhtml", "canvas");
[canvas.width, canvas.height] = [picture.width, picture.height];
canvas.getContext("2d").drawImage(picture, 0, 0);
return canvas.toDataURL("image/png");
"""
SUBSCRIBE = """
const [{Client}, {createPush}] = await Promise.all(
    ["client.js", "push.js"].map((name) => import(`/static/realtime/${name}`)));
const client = new Client({getToken: () => given[0], share: false});
client.connect();
return createPush(client).turnOn();
"""


async def take(browser: Browser, folder: Path, *, every: bool) -> None:
    """Take all of them. Those of the docs are of a desktop by day; `every` takes the others too."""
    with tempfile.TemporaryDirectory() as var:
        env = {
            "DEBUG": "1",
            "DJANGO_SETTINGS_MODULE": "tests.e2e.settings",
            "ESCALATION_TIME_SCALE": "60",
            "VAR_DIR": var,
            **BRAND,
        }
        with Server("demo", env=env, prepare=SEED) as server:
            await asyncio.to_thread(server.shell, SHOWS_AMOUNTS + HAPPENS)
            await _phone(browser, server, folder, every=every)
            await _settings(browser, server, folder, every=every)
            await _why(browser, server, folder, every=every)
            await _mails(browser, server, folder)
    await _phones(browser, folder, every=every)
    await asyncio.to_thread(push, folder)


async def new_page(
    browser: Browser, size: tuple[int, int], scheme: Scheme, scale: float = 1
) -> Page:
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        device_scale_factor=scale,
    )
    return await context.new_page()


async def at_console(
    browser: Browser, server: Server, name: str, size: tuple[int, int], scheme: Scheme
) -> Page:
    page = await new_page(browser, size, scheme)
    await page.goto(f"{server.url}/ws/test")
    await visitor.log_in(page, name)
    return page


async def _phone(browser: Browser, server: Server, folder: Path, *, every: bool) -> None:
    """The panel "Phone", as staff sees it while its owner is away."""
    for suffix, size, scheme in looks(every=every):
        page = await at_console(browser, server, "Staff", WIDE if size == DESK else LONG, scheme)
        await page.locator("#phone-whose").select_option("amina")
        await expect(page.locator("#phone-push li").nth(1)).to_be_visible()
        await expect(page.locator("#phone-sms li").nth(1)).to_be_visible()
        await expect(page.locator("#phone-mail li").nth(1)).to_be_visible()
        await page.locator("#phone-mail summary", has_text="Log-in").first.click()
        await page.wait_for_timeout(1000)  # its frame loads
        await keep_picture(await page.locator("#phone").screenshot(), folder / f"phone{suffix}.png")
        await page.context.close()


async def _phones(browser: Browser, folder: Path, *, every: bool) -> None:
    """The page of the phones that pay, with a prompt and what became of other payments."""
    with CallbackServer() as callbacks, Money() as money, httpcore.ConnectionPool() as http:
        merchant = Merchant(money, callbacks, http)
        await asyncio.to_thread(_pay, merchant)
        for suffix, size, scheme in looks(every=every):
            page = await new_page(browser, size, scheme)
            await page.goto(money.page)
            await expect(page.locator("#prompts li").nth(1)).to_be_visible()
            await keep_picture(await page.screenshot(), folder / f"phones{suffix}.png")
            await page.context.close()


def _pay(merchant: Merchant) -> None:
    """Ask for some payments, and let those that need nobody end."""
    for digits in ("02", "04", "00"):
        merchant.deposit(f"2567712345{digits}", customerMessage="Invoice 41")
    merchant.pay_out(254712345600)
    merchant.airtel_collect("701234514")
    merchant.money.advance(5)
    merchant.push(254712345678, Amount=1250)
    merchant.mtn_collect("256771234577", payerMessage="Boda ride 12")


async def _settings(browser: Browser, server: Server, folder: Path, *, every: bool) -> None:
    both: list[bytes] = []
    for scheme in SCHEMES:
        for name, size in (("-desk", DESK), ("", PHONE)) if every else (("", PHONE),):
            page = await at_console(browser, server, "Amina", size, scheme)
            await page.evaluate("void document.querySelector('#bell').openSettings()")
            await expect(page.get_by_role("dialog")).to_be_visible()
            await page.wait_for_timeout(1000)
            picture = await page.screenshot()
            if name:
                await keep_picture(picture, folder / f"settings{name}-{scheme}.png")
            else:
                both.append(picture)
            await page.context.close()
    keep_together([both], folder / "settings.png")


async def _why(browser: Browser, server: Server, folder: Path, *, every: bool) -> None:
    number = (await asyncio.to_thread(server.shell, WHY)).strip()
    for suffix, size, scheme in looks(every=every):
        page = await new_page(browser, size, scheme)
        await visitor.log_in_to_admin(page, server)
        await page.goto(f"{server.url}/admin/notifications/notification/{number}/why/")
        await expect(page.locator(".why-step").first).to_be_visible()
        await keep_picture(await page.screenshot(), folder / f"why{suffix}.png")
        await page.context.close()


async def _mails(browser: Browser, server: Server, folder: Path) -> None:
    """One e-mail in four languages: its page by day and by night, and its text."""
    mails: list[dict[str, str]] = json.loads(await asyncio.to_thread(server.shell, MAILS))
    rows: list[list[bytes]] = []
    for scheme in SCHEMES:
        rows.append([await _mail(browser, mail["html"], scheme, 560) for mail in mails])
    style = "font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; margin: 14px"
    texts = [f"<pre style='{style}'>{html.escape(mail['text'])}</pre>" for mail in mails]
    rows.append([await _mail(browser, text, "light", 420) for text in texts])
    keep_together(rows, folder / "email.png")


async def _mail(browser: Browser, content: str, scheme: Scheme, height: int) -> bytes:
    page = await new_page(browser, (390, height), scheme, 0.75)
    await page.set_content(content)
    picture = await page.screenshot()
    await page.context.close()
    return picture


def looks(*, every: bool) -> Iterator[tuple[str, tuple[int, int], Scheme]]:
    """Yield the end of a picture's name, the window and the scheme."""
    yield "", DESK, "light"
    if every:
        yield "-dark", DESK, "dark"
        yield "-small", PHONE, "light"
        yield "-small-dark", PHONE, "dark"


async def keep_picture(picture: bytes, path: Path) -> None:
    await asyncio.to_thread(keep, picture, path)


def push(folder: Path) -> None:
    """What a Firefox shows of a security message, by its own hand."""
    options = {
        "VAPID_PRIVATE_KEY": new_private_key(),
        "VAPID_SUBJECT": "mailto:push@example.com",
        "PUBLIC_BASE_URL": "https://bank.example",
        **BRAND,
    }
    with (
        tempfile.TemporaryDirectory() as home,
        Autopush() as service,
        demo_server(SIMULATE_MARKET="0", **options) as server,
        _delivering(server),
        Firefox(
            Path(home),
            **{
                "alerts.useSystemBackend": False,
                "dom.push.connection.enabled": True,
                "dom.push.serverURL": service.socket_url,
                "dom.push.testing.allowInsecureServerURL": True,
                "permissions.default.desktop-notification": 1,
            },
        ) as firefox,
    ):
        firefox.go(f"{server.url}/static/realtime/client.js")
        assert firefox.run(SUBSCRIBE, visitor.token_of(server, "amina")) == "on"
        server.shell(HAPPENS)
        drawn: Any = firefox.until(DRAWN, chrome=True, seconds=30)
        keep(base64.b64decode(drawn.partition(",")[2]), folder / "push.png")


@contextmanager
def _delivering(server: Server) -> Iterator[None]:
    command = [sys.executable, "manage.py", "deliver", "--channels", "push"]
    process = Process(command, log=server.folder / "deliver.log", env=server.env)
    try:
        yield
    finally:
        process.kill()
