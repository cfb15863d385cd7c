"""The settings page, from the bell and from the console, beside real providers on loopback."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from hoardrun.demo.providers.mail import MailServer
from hoardrun.demo.providers.sms import AfricasTalking
from notifications.channels.push.vapid import new_private_key
from tests.e2e.conftest import demo_server
from tests.e2e.test_phone import fits
from tests.e2e.visitor import Visitor, token_of, visit
from tests.services.server import Server

ELSEWHERE = """(change) => document.querySelector("#bell").client.api(
    "PATCH", "/api/v1/preferences", change, {"If-Match": "*"})"""


@dataclass
class Bank:
    """A server that sends e-mails and SMS, and what was sent."""

    server: Server
    mail: MailServer
    sms: AfricasTalking

    def code(self) -> str:
        """Return the code of the newest e-mail."""
        body = self.mail.taken[-1].get_body(("plain",))
        assert body is not None
        return str(re.findall(r"\b[0-9]{6}\b", body.get_content())[0])

    async def chosen(self, name: str = "amina") -> dict[str, Any]:
        answer = await asyncio.to_thread(
            self.server.request,
            "GET", "/api/v1/preferences", token=token_of(self.server, name),
        )  # fmt: skip
        return dict(answer.json())


@pytest.fixture(scope="module")
def bank() -> Iterator[Bank]:
    with ExitStack() as stack:
        mail = stack.enter_context(MailServer())
        sms = stack.enter_context(AfricasTalking("hoard", "key"))
        server = demo_server(
            PUBLIC_BASE_URL="http://127.0.0.1",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=str(mail.port),
            EMAIL_SECURITY="none",
            EMAIL_FROM="bank@example.com",
            SMS_PROVIDERS="africastalking",
            SMS_COUNTRIES="UG",
            AFRICASTALKING_USERNAME="hoard",
            AFRICASTALKING_API_KEY="key",
            AFRICASTALKING_URL=sms.url,
            VAPID_PRIVATE_KEY=new_private_key(),
            VAPID_SUBJECT="mailto:push@example.com",
        )
        yield Bank(stack.enter_context(server), mail, sms)


def row(page: Page, title: str) -> Locator:
    """Find the row of a category or a kind."""
    return page.locator("hoardrun-settings .row", has=page.get_by_text(title, exact=True))


def switch(page: Page, title: str, channel: str) -> Locator:
    return page.get_by_role("checkbox", name=f"{title}: {channel}", exact=True)


async def open_from_bell(visitor: Visitor) -> Page:
    page = visitor.page
    await page.locator("#bell .bell").click()
    await page.get_by_role("button", name="Settings", exact=True).click()
    await expect(page.get_by_role("dialog", name="Notification settings")).to_be_visible()
    await expect(page.locator("hoardrun-settings .row").first).to_be_visible()
    return page


async def test_an_address_is_proven_and_opens_its_channel(browser: Browser, bank: Bank) -> None:
    visitor = await visit(browser, bank.server, "Amina")
    page = await open_from_bell(visitor)
    await expect(row(page, "Security")).to_contain_text("E-mail: no address yet")
    await expect(switch(page, "Security", "E-mail")).to_be_disabled()
    await page.get_by_role("button", name="Add a phone number").click()
    number = page.get_by_label("Phone number, with its country")
    await expect(number).to_be_focused()
    await number.fill("0772 12")
    await number.press("Enter")
    await expect(number).to_have_accessible_description(re.compile("This cannot be used"))
    await expect(number).to_have_attribute("aria-invalid", "true")
    assert bank.sms.ledger == []
    await page.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Add an e-mail address").click()
    await page.keyboard.type("amina@example.org")
    await page.keyboard.press("Enter")
    code = page.get_by_label("Code that was sent to amina@example.org")
    await expect(code).to_be_visible()
    await code.fill("000000" if bank.code() != "000000" else "111111")
    await page.get_by_role("button", name="Confirm").click()
    await expect(code).to_have_accessible_description("This is not the code. Tries left: 4.")
    await code.fill(bank.code())
    await code.press("Enter")
    await expect(page.locator("hoardrun-settings .address")).to_contain_text("confirmed")
    await expect(row(page, "Security")).to_contain_text(
        "E-mail: always on, it cannot be turned off"
    )
    await expect(switch(page, "Security", "E-mail")).to_be_checked()
    await expect(switch(page, "Security", "E-mail")).to_be_disabled()
    await expect(switch(page, "Savings", "E-mail")).to_be_enabled()
    # What is added in place of it is not used before it is proven.
    await page.get_by_role("button", name="Replace: amina@example.org").click()
    await page.keyboard.type("amina@example.com")
    await page.keyboard.press("Enter")
    code = page.get_by_label("Code that was sent to amina@example.com")
    await expect(code).to_be_visible()
    await code.fill(bank.code())
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.locator("hoardrun-settings .address .name")).to_have_text(
        ["amina@example.com"]
    )
    assert visitor.complaints == [] or all("40" in text for text in visitor.complaints)


async def test_each_switch_is_saved_and_every_device_follows(browser: Browser, bank: Bank) -> None:
    await asyncio.to_thread(bank.server.shell, PROVEN)
    visitor, other = [await visit(browser, bank.server, "Brian") for _ in range(2)]
    page = await open_from_bell(visitor)
    await other.page.get_by_role("button", name="Notification settings").click()
    pages = (page, other.page)
    for one in pages:
        await one.get_by_role("button", name="Savings", exact=True).click()
    goal = "Savings goal reached"
    await switch(page, goal, "E-mail").press("Space")  # by keyboard
    for one in pages:
        await expect(switch(one, goal, "E-mail")).not_to_be_checked()
        await expect(row(one, goal)).to_contain_text("E-mail: your choice")
        mixed = switch(one, "Savings", "E-mail")
        await expect(mixed).to_have_js_property("indeterminate", value=True)
    await expect(page.locator("hoardrun-settings .status")).to_have_text("Saved.")
    await switch(other.page, "Savings", "E-mail").click()  # mixed becomes on, for all kinds
    for one in pages:
        await expect(switch(one, goal, "E-mail")).to_be_checked()
    assert (await bank.chosen("brian"))["cells"] == {"category:savings": {"email": True}}
    # A device that was faster: the change is refused, what is newest is shown, and it is said.
    await page.route(
        "**/api/v1/preferences**",
        lambda route: ahead(route, other.page),
        times=1,
    )
    await switch(page, goal, "E-mail").click()
    await expect(row(page, goal)).to_contain_text("Another device has changed your settings")
    await expect(switch(page, goal, "E-mail")).to_be_checked()
    assert (await bank.chosen("brian"))["hide_amounts"] is True
    await page.get_by_role("button", name="Back to the usual settings").click()
    await expect(row(other.page, goal)).to_contain_text("as usual")
    consent = page.get_by_label("I agree to receive “Offers” by e-mail.")
    await consent.click()
    await expect(other.page.get_by_label("I agree to receive “Offers” by e-mail.")).to_be_checked()
    assert visitor.complaints == [] or all("412" in text for text in visitor.complaints)
    assert other.complaints == []


PROVEN = """
from django.contrib.auth.models import User
from notifications.models import Address
from realtime import clock
now = clock.now()
user = User.objects.get(username="brian")
Address.objects.create(
    user=user, channel="email", value="brian@example.org", hash="b" * 64, state="verified",
    verified_at=now, created_at=now, touched_at=now,
)
"""


async def ahead(route: Any, page: Page) -> None:
    """Let another device change something before this request arrives."""
    await page.evaluate(ELSEWHERE, {"hide_amounts": True})
    await route.continue_()


async def test_quiet_hours_and_the_rest_in_swahili_on_a_phone(browser: Browser, bank: Bank) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    visitor = await visit(browser, bank.server, "Amina", context)
    page = visitor.page
    await page.evaluate("document.querySelector('#bell').lang = 'sw-KE'")
    await page.locator("#bell .bell").tap()
    await page.get_by_role("button", name="Mipangilio", exact=True).tap()
    await expect(page.get_by_role("dialog", name="Mipangilio ya arifa")).to_be_visible()
    await page.get_by_role("button", name="Akiba", exact=True).tap()
    await expect(row(page, "Lengo la akiba limefikiwa")).to_be_visible()
    await fits(page)
    await page.get_by_role("button", name="Ongeza saa za utulivu").tap()
    hours = page.get_by_role("group", name="Saa za utulivu 1")
    await hours.get_by_label("Hadi").fill("22:00")
    await page.get_by_role("button", name="Hifadhi").first.tap()
    zone = page.get_by_label("Majira ya saa")
    await expect(zone).to_have_accessible_description(re.compile("Mwisho lazima utofautiane"))
    await hours.get_by_label("Hadi").fill("06:30")
    await hours.get_by_role("button", name="Jumapili").tap()
    await zone.select_option("Africa/Nairobi")
    await page.get_by_role("button", name="Hifadhi").first.tap()
    await expect(page.locator("hoardrun-settings .status")).to_have_text("Imehifadhiwa.")
    await page.get_by_role("button", name="Kwa saa moja").tap()
    await expect(page.get_by_text("Imenyamazishwa hadi")).to_be_visible()
    await page.get_by_label("Lugha ya jumbe").select_option("lg")
    await page.get_by_label("Kiasi kwenye skrini").select_option("yes")
    await page.get_by_label("Kiasi", exact=True).fill("500 000")
    await page.get_by_label("Sarafu").select_option("UGX")
    above = page.get_by_role("group", name="SMS kwa malipo")
    await above.get_by_role("button", name="Hifadhi").tap()
    await expect(above.get_by_role("button", name="Ondoa")).to_be_visible()
    chosen = await bank.chosen()
    assert chosen["quiet"] == [{"days": 63, "start": "22:00", "end": "06:30"}]
    assert [chosen[name] for name in ("zone", "locale", "hide_amounts", "sms_above")] == [
        "Africa/Nairobi", "lg", True, "500000",
    ]  # fmt: skip
    assert chosen["muted_until"]
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator("#bell .bell")).to_be_focused()
    assert visitor.complaints == []
