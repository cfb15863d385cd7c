"""The demo as `make run` starts it: a customer leaves, and their phone takes over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.e2e.conftest import SEED
from tests.e2e.test_accessibility import OPEN, findings
from tests.e2e.test_phone import fits
from tests.e2e.visitor import Visitor, log_in, token_of, visit
from tests.services.admin import Admin
from tests.services.ports import wait_until
from tests.services.server import Server


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("var")
    env = {
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "tests.e2e.settings",
        "ESCALATION_TIME_SCALE": "60",  # an SMS after three seconds
        "VAR_DIR": str(folder),
    }
    with Server("demo", env=env, prepare=SEED) as server:
        yield server


NEW_DEVICE = """
from notifications.kinds.security import NewDevice
from notifications.services import notification_compose
from realtime import clock
values = NewDevice(device="Firefox on Windows", happened_at=clock.now())
notification_compose(user_id=1, kind="security.new_device", values=values)
"""
ANSWERED = """
from notifications.models import Receipt
for one in Receipt.objects.filter(provider="device"):
    print(one.fact, one.code)
"""


async def phone_of(browser: Browser, server: Server, name: str) -> Visitor:
    """Open the console as staff, with a view of the customer's phone."""
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    visitor = await Visitor.open(context, f"{server.url}/ws/test")
    await log_in(visitor.page, "Staff")
    await visitor.page.locator("#phone-whose").select_option(name)
    return visitor


def complete(server: Server, name: str) -> str:
    """Complete a payment that is pending; return its reference."""
    query = "/api/v1/transactions?status=pending"
    [txn, *_] = server.request("GET", query, token=token_of(server, name)).json()
    Admin(server.url, "staff", "staff-demo-pass").act(
        "/admin/ledger/transaction/", "complete", txn["id"]
    )
    return str(txn["reference"])


async def arrived(list_: Locator, text: str) -> Locator:
    found = list_.locator("li", has_text=text)
    await expect(found.first).to_be_visible()
    return found.first


async def test_a_customer_closes_the_tab_and_gets_push_sms_and_mail(
    browser: Browser, shown: Server
) -> None:
    amina = await visit(browser, shown, "Amina")
    await expect(amina.page.locator("#phone-number")).to_contain_text("+256")
    await amina.context.close()
    watching = await phone_of(browser, shown, "amina")
    page = watching.page
    reference = await asyncio.to_thread(complete, shown, "amina")
    bubble = await arrived(page.locator("#phone-sms"), reference)
    await expect(bubble).to_contain_text("1 segment · Africa’s Talking")
    note = await arrived(page.locator("#phone-push"), "Money sent")
    await note.locator("button.phone-open").press("Enter")
    await expect(note).to_have_attribute("data-opened", "1")
    await asyncio.to_thread(shown.shell, NEW_DEVICE)
    asked = await arrived(page.locator("#phone-push"), "Security message")
    await asked.get_by_role("button", name="It wasn't me").press("Enter")
    await expect(asked).to_have_attribute("data-opened", "1")
    assert "clicked was_not_me" in await asyncio.to_thread(shown.shell, ANSWERED)
    mail = await arrived(page.locator("#phone-mail"), "New sign-in")
    await mail.locator("summary").click()
    letter = mail.frame_locator("iframe")
    await expect(letter.locator("body")).to_contain_text("new device in Kampala")
    await mail.get_by_role("button", name="Text").click()
    await expect(mail.locator("pre")).to_contain_text("new device in Kampala")
    await fits(page)
    assert [each for each in watching.complaints if "sandboxed" not in each] == []


async def test_the_phone_answers_stop_and_the_webhook_hears_it(
    browser: Browser, shown: Server
) -> None:
    watching = await phone_of(browser, shown, "brian")
    page = watching.page
    await expect(page.locator("#phone-number")).to_have_text("+254722000002")
    await page.locator("#phone-text").fill("STOP")
    await page.locator("#phone-text").press("Enter")
    await expect(page.locator("#phone-sms .own")).to_contain_text("STOP")
    await arrived(page.locator("#phone-mail"), "New sign-in")
    await page.locator("#phone-mail details").evaluate_all(OPEN)
    assert await findings(page) == []
    await expect(page.locator("#phone-text")).to_have_value("")
    kept = await asyncio.to_thread(
        shown.shell,
        "from notifications.models import Suppression as S;"
        "print(list(S.objects.values_list('channel', 'reason')))",
    )
    assert "sms" in kept
    assert watching.complaints == []


def collect(server: Server, number: str) -> str:
    """Ask amina's phone for money; return the payment's id."""
    token = token_of(server, "amina")
    accounts = server.request("GET", "/api/v1/accounts", token=token).json()
    account = next(each for each in accounts if each["currency"] == "UGX")
    body = {
        "account_id": account["id"], "provider": "mtn", "kind": "collect", "amount": "5000",
        "msisdn": number,
    }  # fmt: skip
    answer = server.request("POST", "/api/v1/payments", json=body, token=token)
    assert answer.status == 201, answer
    return str(answer.json()["id"])


@pytest.mark.parametrize(
    ("number", "ends"), [("+256772000000", "succeeded"), ("+256772000002", "failed")]
)
def test_a_payment_goes_to_its_provider_and_comes_back(
    shown: Server, number: str, ends: str
) -> None:
    payment, token = collect(shown, number), token_of(shown, "amina")
    path = f"/api/v1/payments/{payment}"
    wait_until(
        lambda: shown.request("GET", path, token=token).json()["state"] == ends,
        seconds=30,
        what=f"the payment from {number} is {ends}",
    )
