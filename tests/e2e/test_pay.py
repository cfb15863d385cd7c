"""Payments in the console of the demo: asked for, approved on the phone, sent on, tried again."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.conftest import SEED
from tests.e2e.test_accessibility import OPEN, SCREENS, findings
from tests.e2e.test_phone import fits
from tests.e2e.visitor import Visitor, log_in, token_of, visit
from tests.services.ports import PATIENCE
from tests.services.server import Server

STAGE_MS = 60_000 * PATIENCE  # the worker has two dozen other payments to make first
PACE = """
from hoardrun.payments.calling.hosts import host
from realtime.outgoing import pacing
name = host("airtel")
pacing.{}
"""
JOURNAL = """
from django.db.models import Q
from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.models import Account
for account in Account.objects.filter(currency="UGX", user__username__in=("amina", "brian")):
    ours = Q(debit__account=account) | Q(credit__account=account)
    rows = Posting.objects.filter(ours).select_related("credit")
    moved = sum(row.minor if row.credit.account_id == account.pk else -row.minor for row in rows)
    print(account.user.username, account.pk, moved)
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("var")
    env = {
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "tests.e2e.settings",
        "VAR_DIR": str(folder),
        "PAYMENTS_PAYOUTS_TO": "known",
        "PAYMENTS_APPROVE_ABOVE": "UGX:6000",
        "PAYMENTS_TIME_SCALE": "3",  # MTN is asked after three seconds, not after ten
    }
    with Server("demo", env=env, prepare=SEED) as server:
        yield server


class Payer:
    """A customer at the panel of payments."""

    def __init__(self, visitor: Visitor) -> None:
        self.page: Page = visitor.page
        self.newest: Locator = self.page.locator("#payments .payment").first
        self.balance: Locator = self.page.locator("#balances article", has_text="UGX").locator(
            ".amount"
        )

    async def amount(self) -> int:
        return int(re.sub(r"\D", "", await self.balance.inner_text()))

    async def account(self) -> str:
        card = self.page.locator("#balances article", has_text="UGX")
        return str(await card.get_attribute("data-account"))

    async def choose(self, way: str, **given: str) -> None:
        """Fill fields of the form, by their names."""
        form = self.page.locator("#pay")
        await form.get_by_role("button", name=way, exact=True).click()
        for name, value in given.items():
            control = form.locator(f"[name={name}]")
            if await control.evaluate("each => each.tagName") == "SELECT":
                await control.select_option(value)
            else:
                await control.fill(value)

    async def send(self, name: str) -> None:
        await self.page.locator("#pay").get_by_role("button", name=name, exact=True).click()

    async def sees(self, *stages: str) -> None:
        """Expect stages of the newest payment, in their order."""
        for stage in stages:
            found = self.newest.locator(".payment-stage")
            await expect(found).to_have_text(stage, timeout=STAGE_MS)


async def on_the_phone(payer: Payer, act: str, digits: str) -> None:
    """Do something with the prompt on the phone whose number ends so, at the page of phones."""
    href = await payer.page.locator("#pay-page").get_attribute("href")
    phones = await payer.page.context.new_page()
    await phones.goto(str(href))
    prompt = phones.locator("#prompts li", has_text=digits).first
    await prompt.get_by_role("button", name=act).click()
    await phones.close()


async def payer_of(browser: Browser, shown: Server, name: str) -> Payer:
    payer = Payer(await visit(browser, shown, name))
    await expect(payer.page.locator("#pay-demo")).to_be_visible()
    return payer


async def test_a_customer_pays_in_and_types_the_pin_on_the_phone(
    browser: Browser, shown: Server
) -> None:
    amina = await payer_of(browser, shown, "Amina")
    before = await amina.amount()
    await amina.choose("Pay in", msisdn="+256772000077", amount="5,000", provider="mtn")
    await amina.send("Ask the phone")
    await amina.sees("Enter your PIN on •••• 0077")
    await expect(amina.newest.locator(".payment-left")).to_have_text(re.compile(r"^\d:\d\d$"))
    await on_the_phone(amina, "Enter PIN", "000 077")
    await amina.sees("Paid")
    await expect(amina.balance).to_have_text(f"{before + 5000:,}")
    await amina.newest.locator("summary").press("Enter")
    steps = amina.newest.locator(".payment-steps li")
    await expect(steps.first).to_contain_text("Starting")
    await expect(steps.last).to_contain_text("Paid")
    facts = amina.newest.locator("dl")
    await expect(facts).to_contain_text("Receipt")
    await expect(facts).not_to_contain_text("Fee")  # it cost none


async def test_a_customer_pays_another_and_both_see_it(browser: Browser, shown: Server) -> None:
    amina = await payer_of(browser, shown, "Amina")
    brian = await payer_of(browser, shown, "Brian")
    hers, his, account = await amina.amount(), await brian.amount(), await brian.account()
    bells = [each.page.locator("#bell .badge") for each in (amina, brian)]
    unread = [int(await each.inner_text() or 0) for each in bells]
    await amina.choose(
        "Send", to_account_id=account, amount="1200", account_id=await amina.account()
    )
    await amina.send("Pay the account")
    await expect(amina.page.locator("#pay-ask")).to_have_text(f"1,200 UGX to account {account}?")
    await amina.send("Yes, pay")
    await expect(amina.balance).to_have_text(f"{hers - 1200:,}")
    await expect(brian.balance).to_have_text(f"{his + 1200:,}")
    for payer in (amina, brian):
        row = payer.page.locator("#transactions .transaction").first
        await expect(row.locator(".amount")).to_contain_text("1,200 UGX")
        await expect(row.locator(".pill")).to_have_text("Completed")
    # He pays her phone, once he has confirmed whose it is.
    await brian.choose("Pay out", msisdn="+256772000000", amount="1200", provider="mtn")
    await brian.send("Pay the phone")
    await brian.send("Yes, pay")
    await brian.page.get_by_label("Whose phone is it?").fill("Nobody Else")
    await brian.send("Check the name")
    await expect(brian.page.locator("#pay-payee-says")).to_contain_text("Is this who you mean?")
    await brian.send("Yes, this is right")
    await brian.sees("Paid")
    await expect(brian.balance).to_have_text(f"{his:,}")
    for bell, count in zip(bells, unread, strict=True):
        await expect(bell).not_to_have_text(str(count or ""))
    for name in ("amina", "brian"):
        await asyncio.to_thread(agrees, shown, name)
    await asyncio.to_thread(shown.manage, "ledger_verify")


def agrees(server: Server, name: str) -> None:
    """Hold a statement against the account's balance and the journal."""
    token = token_of(server, name)
    accounts = server.request("GET", "/api/v1/accounts", token=token).json()
    account = next(each for each in accounts if each["currency"] == "UGX")
    path = f"/api/v1/accounts/{account['id']}/statement"
    statement = server.request("GET", path, token=token).json()
    assert statement["closing_balance"] == account["current_balance"]
    [told] = [row.split() for row in server.shell(JOURNAL).splitlines() if row.startswith(name)]
    assert told[1:] == [str(account["id"]), account["current_balance"]]


@pytest.mark.parametrize(
    ("digits", "stage", "reason"),
    [
        ("02", "Not paid", "Not enough money."),
        ("04", "Cancelled", "It was declined or cancelled."),
    ],
)
async def test_a_payment_that_failed_says_why_and_is_tried_again(
    browser: Browser, shown: Server, digits: str, stage: str, reason: str
) -> None:
    amina = await payer_of(browser, shown, "Amina")
    await amina.choose("Pay in", msisdn=f"+2567720000{digits}", amount="700", provider="mtn")
    await amina.send("Ask the phone")
    await amina.sees(stage)
    await expect(amina.newest.locator(".payment-reason")).to_have_text(reason)
    first = await amina.newest.get_attribute("data-payment")
    await amina.newest.get_by_role("button", name="Try again").press("Enter")
    await expect(amina.newest).not_to_have_attribute("data-payment", str(first))
    await amina.sees(stage)


async def test_what_a_slow_provider_was_not_asked_for_is_cancelled(
    browser: Browser, shown: Server
) -> None:
    await asyncio.to_thread(shown.shell, PACE.format("stop(name, by='staff', why='A test.')"))
    try:
        amina = await payer_of(browser, shown, "Amina")
        slow = amina.page.locator("#pay-slow")
        await expect(slow).to_be_empty()
        await amina.choose("Pay in", msisdn="+256701234500", amount="900", provider="airtel")
        await expect(slow).to_contain_text("Airtel Money is slow now")
        await amina.send("Ask the phone")
        await amina.sees("Starting")
        await amina.newest.get_by_role("button", name="Cancel").press("Enter")
        await amina.sees("Cancelled")
    finally:
        await asyncio.to_thread(shown.shell, PACE.format("resume(name)"))


async def test_a_payout_that_waits_for_staff_is_cancelled(browser: Browser, shown: Server) -> None:
    amina = await payer_of(browser, shown, "Amina")
    before = await amina.amount()
    await amina.choose("Pay out", msisdn="+256772000088", amount="6001", provider="mtn")
    await amina.send("Pay the phone")
    await amina.send("Yes, pay")
    await amina.page.get_by_label("Whose phone is it?").fill("Nobody Else")
    await amina.send("Check the name")
    says = amina.page.locator("#pay-payee-says")
    await expect(says).to_contain_text("Is this who you mean?")
    # Had she looked at another name than the provider's, she would be asked about that one.
    unseen = json.dumps({"shown_name": "Somebody E."})
    confirm = "**/payees/*/confirm"
    await amina.page.route(confirm, lambda route: route.continue_(post_data=unseen), times=1)
    async with amina.page.expect_response(confirm) as answer:
        await amina.send("Yes, this is right")
    assert (await answer.value).status == 409
    await expect(says).to_contain_text("Is this who you mean?")
    await amina.send("Yes, this is right")
    await amina.sees("Under review")
    await expect(amina.balance).to_have_text(f"{before - 6001:,}")
    await amina.newest.get_by_role("button", name="Cancel").click()
    await amina.sees("Cancelled")
    await expect(amina.newest.get_by_role("button", name="Cancel")).to_be_hidden()
    await expect(amina.balance).to_have_text(f"{before:,}")


async def test_what_is_wrong_stands_at_its_field(browser: Browser, shown: Server) -> None:
    amina = await payer_of(browser, shown, "Amina")
    await amina.choose("Pay in", msisdn="12", amount="1.5", provider="mtn")
    await amina.send("Ask the phone")
    wrong = amina.page.locator("#pay [aria-invalid=true]")
    await expect(wrong).to_have_count(1)
    await expect(wrong).to_be_focused()
    await amina.choose("Pay in", msisdn="", amount="")
    await amina.send("Ask the phone")
    await expect(wrong).to_have_count(2)


async def test_all_outcomes_are_there_to_be_seen(browser: Browser, shown: Server) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    visitor = await Visitor.open(context, f"{shown.url}/ws/test")
    await log_in(visitor.page, "All Outcomes")
    await expect(visitor.page.locator("#balances article")).to_have_count(24)
    await expect(visitor.page.locator("#payments .payment").nth(15)).to_be_visible()


@pytest.mark.parametrize("name", SCREENS)
async def test_the_panel_is_fit_for_everybody(browser: Browser, shown: Server, name: str) -> None:
    (width, height), scheme = SCREENS[name]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    visitor = await visit(browser, shown, "Amina", context)
    payer = Payer(visitor)
    await payer.choose("Pay out", msisdn="+256772000099", amount="1000", provider="mtn")
    await payer.send("Pay the phone")
    await payer.send("Yes, pay")
    await expect(payer.page.locator("#pay-payee")).to_be_visible()
    await payer.page.locator("#payments details").evaluate_all(OPEN)
    assert await findings(payer.page) == []
    if name.startswith("phone"):
        await fits(payer.page)
    # The browser's own, of the payment that was refused.
    assert [each for each in visitor.complaints if "409" not in each] == []
