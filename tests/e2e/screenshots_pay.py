"""Take the pictures of the panel "Pay": a prompt that waits, and what became of others."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import SEED
from tests.e2e.screenshots_centre import at_console, keep_picture, looks
from tests.services.server import Server

STAGE_MS = 60_000
# Of each payment: the last digits of its number, and the amount.
PAYMENTS = (("03", "18,000"), ("00", "250,000"), ("77", "42,500"))


async def take(browser: Browser, folder: Path, *, every: bool) -> None:
    """Take those of the docs; `every` takes the others too: by night, and on a phone."""
    with tempfile.TemporaryDirectory() as var:
        env = {
            "DEBUG": "1",
            "DJANGO_SETTINGS_MODULE": "tests.e2e.settings",
            "PAYMENTS_TIME_SCALE": "3",
            "VAR_DIR": var,
        }
        with Server("demo", env=env, prepare=SEED) as server:
            for suffix, size, scheme in looks(every=every):
                whole = (size[0], 2600)  # or the bar at the top would lie over it
                page = await at_console(browser, server, "Amina", whole, scheme)
                await _pay(page)
                picture = await page.locator("section.pay").screenshot()
                await keep_picture(picture, folder / f"pay{suffix}.png")
                await page.context.close()


async def _pay(page: Page) -> None:
    """Ask phones for money, and wait until one prompts and the others have ended."""
    form, stages = page.locator("#pay"), page.locator("#payments .payment-stage")
    for digits, amount in PAYMENTS:
        await form.locator("[name=msisdn]").fill(f"+2567720000{digits}")
        await form.locator("[name=amount]").fill(amount)
        await form.get_by_role("button", name="Ask the phone").click()
        await expect(form.locator("[name=amount]")).to_have_value("")
    await expect(stages.first).to_contain_text("PIN", timeout=STAGE_MS)
    await expect(stages.nth(1)).to_have_text("Paid", timeout=STAGE_MS)
    await expect(stages.nth(2)).to_have_text("Cancelled", timeout=STAGE_MS)
    await page.locator("#payments summary").nth(1).click()
    await expect(page.locator("#payments dl").nth(1)).to_contain_text("Receipt")
