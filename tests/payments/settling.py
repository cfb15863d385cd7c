"""Which payments and callbacks are open, and for how long they may be."""

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
QUIET_SECONDS = 180.0  # of a prompt, in which nothing must change any more
LEASE_SECONDS = 60.0  # of a worker that was killed
SLACK_SECONDS = 120.0
FINAL = "('succeeded', 'failed', 'cancelled', 'expired', 'reversed')"
OPEN = (
    "SELECT (SELECT count(*) FROM payments_providerpayment "
    f"WHERE state NOT IN {FINAL} AND staff_since IS NULL) "
    "+ (SELECT count(*) FROM payments_paymentreceipt r LEFT JOIN payments_receiptoutcome o "
    "ON o.receipt_id = r.id WHERE o.processed_at IS NULL)"
)
STEPS = "SELECT count(*) FROM payments_paymentstep"


def longest(plan: Plan) -> float:
    """Return for how many seconds payments may be open."""
    return LONGEST_SECONDS / plan.scale + (LEASE_SECONDS + SLACK_SECONDS) * PATIENCE


def open_ones(world: World, plan: Plan) -> Callable[[], str]:
    """Return what tells of payments that are neither final nor before staff, and of callbacks."""
    before, changed_at = -1, 0.0

    def left() -> str:
        nonlocal before, changed_at
        open_now, steps = counted(world.database_url, OPEN), counted(world.database_url, STEPS)
        if steps != before:
            before, changed_at = steps, time.monotonic()
        is_quiet = time.monotonic() - changed_at > QUIET_SECONDS / plan.scale
        return "" if is_quiet and not open_now else f"{open_now:6} payments and callbacks"

    return left
