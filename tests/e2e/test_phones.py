"""The page of the phones that pay, in a browser: by keyboard, by day and by night, on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import httpcore
import pytest
from playwright.async_api import Browser, Page, expect

from hoardrun.demo.providers.money.server import Money
from tests.e2e.test_accessibility import SCREENS, findings
from tests.e2e.test_phone import fits
from tests.hoardrun.demo.providers.money.support import CallbackServer, Merchant


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with CallbackServer() as callbacks, Money() as money, httpcore.ConnectionPool() as http:
        yield Merchant(money, callbacks, http)


async def opened(browser: Browser, merchant: Merchant, name: str = "light") -> Page:
    (width, height), scheme = SCREENS[name]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.goto(merchant.money.page)
    return page


async def test_a_prompt_is_approved_by_keyboard(browser: Browser, merchant: Merchant) -> None:
    page = await opened(browser, merchant)
    await expect(page.locator("#quiet")).to_be_visible()
    reference, *_ = merchant.mtn_collect("256771234577")
    button = page.get_by_role("button", name="Enter PIN: UGX 5,000 from +256 771 234 577")
    await button.press("Enter")
    await expect(page.locator("#history .stands")).to_have_text("Paid")
    await expect(page.locator("#prompts li")).to_have_count(0)
    await expect(page.locator("#prompts-title")).to_be_focused()
    assert merchant.mtn_status(reference)[1]["status"] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("act", "stands"), [("Wrong PIN", "Wrong PIN"), ("Cancel", "Cancelled"), ("Ignore", "Ignored")]
)
async def test_a_prompt_is_not_approved(
    browser: Browser, merchant: Merchant, act: str, stands: str
) -> None:
    page = await opened(browser, merchant)
    merchant.push(254712345678)
    await page.get_by_role("button", name=f"{act}: KES 10").click()
    await expect(page.locator("#history .stands")).to_have_text(stands)
    await expect(page.locator("#quiet")).to_be_visible()


async def test_a_bill_is_paid_once_its_business_has_urls(
    browser: Browser, merchant: Merchant
) -> None:
    page = await opened(browser, merchant)
    await page.get_by_label("Account").fill("INV-7")
    pay = page.get_by_role("button", name="Pay", exact=True)
    await pay.click()
    await expect(page.locator("#bill-said")).to_contain_text("no URLs")
    body = {
        "ShortCode": 600638, "ResponseType": "Completed",
        "ConfirmationURL": merchant.callbacks.callback,
        "ValidationURL": merchant.callbacks.callback,
    }  # fmt: skip
    merchant.daraja("c2b/v2/registerurl", body)
    await pay.click()
    await expect(page.locator("#bill-said")).to_contain_text("Paid. Receipt")
    await expect(page.locator("#history")).to_contain_text("(bill)")


@pytest.mark.parametrize("name", SCREENS)
async def test_the_page_is_fit_for_everybody(
    browser: Browser, merchant: Merchant, name: str
) -> None:
    page = await opened(browser, merchant, name)
    merchant.mtn_collect("256771234577", payerMessage="Wartungsarbeiten" * 6)
    merchant.push(254712345678)
    merchant.deposit("256771234501")
    await expect(page.locator("#prompts li")).to_have_count(2)
    await expect(page.locator("#numbers dt")).to_have_count(25)
    assert await findings(page) == []
    if name.startswith("phone"):
        await fits(page)
