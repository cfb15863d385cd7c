"""Which ladders and messages are open, and for how long they may be."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.centre.plan import Plan
from tests.centre.world import Centre
from tests.faults.truth import counted

SETTLED_SECONDS = 240.0
# The longest ladder, and what is found out about its last message.
LONGEST_SECONDS = 900.0 + 300.0


def longest(plan: Plan) -> float:
    """Return for how many seconds ladders may be open."""
    return LONGEST_SECONDS / plan.scale + SETTLED_SECONDS


def open_ones(centre: Centre, plan: Plan) -> Callable[[], str]:
    """Return what tells of what is due within the longest ladder from now, and has not ended."""
    soon = time.time() + LONGEST_SECONDS / plan.scale
    moment = f"to_timestamp({soon})"
    if plan.store == "sqlite":
        moment = f"strftime('%Y-%m-%d %H:%M:%f', {soon}, 'unixepoch')"
    select = (
        f"SELECT (SELECT count(*) FROM notifications_escalation WHERE closed_at IS NULL "
        f"AND due_at < {moment}) + (SELECT count(*) FROM notifications_delivery "
        f"WHERE state IN ('queued', 'sending', 'unknown') AND not_before < {moment}) "
        f"+ (SELECT count(*) FROM notifications_digest WHERE closed_at IS NULL "
        f"AND due_at < {moment})"
    )

    def left() -> str:
        here = counted(centre.database_url, select)
        reports = centre.outside.ask("waiting")["reports"]
        return f"{here:6} ladders and messages, {reports} reports," if here or reports else ""

    return left
