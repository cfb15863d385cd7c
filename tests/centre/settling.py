"""Wait until all ladders have ended, and nothing is on its way."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.centre.plan import Plan
from tests.centre.world import Centre
from tests.faults.truth import counted

SETTLED_SECONDS = 240.0
# The longest ladder, and what is found out about its last message.
LONGEST_SECONDS = 900.0 + 300.0
TOLD_EVERY_SECONDS = 15.0


def settle(centre: Centre, plan: Plan, tell: Callable[[str], None]) -> bool:
    """Wait for what is due within the longest ladder from now; say whether all of it has ended."""
    longest = LONGEST_SECONDS / plan.scale
    soon, deadline = time.time() + longest, time.monotonic() + longest + SETTLED_SECONDS
    moment = f"to_timestamp({soon})"
    if plan.store == "sqlite":
        moment = f"strftime('%Y-%m-%d %H:%M:%f', {soon}, 'unixepoch')"
    open_ones = (
        f"SELECT (SELECT count(*) FROM notifications_escalation WHERE closed_at IS NULL "
        f"AND due_at < {moment}) + (SELECT count(*) FROM notifications_delivery "
        f"WHERE state IN ('queued', 'sending', 'unknown') AND not_before < {moment}) "
        f"+ (SELECT count(*) FROM notifications_digest WHERE closed_at IS NULL "
        f"AND due_at < {moment})"
    )
    told_at = time.monotonic()
    while True:
        left = counted(centre.database_url, open_ones)
        reports = centre.outside.ask("waiting")["reports"]
        if not left and not reports:
            return True
        if time.monotonic() > deadline:
            return False
        if time.monotonic() - told_at > TOLD_EVERY_SECONDS:
            told_at = time.monotonic()
            tell(f"{left:6} ladders and messages are open, {reports} reports to come")
        time.sleep(0.3)
