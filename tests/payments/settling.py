"""Wait until each payment is final or waits for staff, and each callback was read."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.faults.truth import counted
from tests.payments.plan import Plan
from tests.payments.world import World
from tests.services.ports import PATIENCE

# From a request to the list of staff, by docs/payments.md: the prompt, and ten minutes of not
# knowing. What comes late comes within the prompt's time once more.
LONGEST_SECONDS = 900.0 + 600.0
LEASE_SECONDS = 60.0  # of a worker that was killed
SLACK_SECONDS = 120.0
TOLD_EVERY_SECONDS = 15.0
FINAL = "('succeeded', 'failed', 'cancelled', 'expired', 'reversed')"
OPEN = (
    "SELECT (SELECT count(*) FROM payments_providerpayment "
    f"WHERE state NOT IN {FINAL} AND staff_since IS NULL) "
    "+ (SELECT count(*) FROM payments_paymentreceipt r LEFT JOIN payments_receiptoutcome o "
    "ON o.receipt_id = r.id WHERE o.processed_at IS NULL)"
)
STEPS = "SELECT count(*) FROM payments_paymentstep"


def settle(world: World, plan: Plan, say: Callable[[str], None]) -> bool:
    """Wait until nothing is open, and nothing has changed for the time of a prompt."""
    quiet = 180.0 / plan.scale
    deadline = time.monotonic() + LONGEST_SECONDS / plan.scale
    deadline += (LEASE_SECONDS + SLACK_SECONDS) * PATIENCE
    told_at = changed_at = time.monotonic()
    before = -1
    while True:
        left, steps = counted(world.database_url, OPEN), counted(world.database_url, STEPS)
        now = time.monotonic()
        if steps != before:
            before, changed_at = steps, now
        if not left and now - changed_at > quiet:
            return True
        if now > deadline:
            return False
        if now - told_at > TOLD_EVERY_SECONDS:
            told_at = now
            say(f"{left:6} payments and callbacks are open")
        time.sleep(0.5)
