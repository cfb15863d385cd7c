"""Bugs of sending: leases, outcomes, providers and receipts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace as with_fields

from notifications.delivery import doubt, failover, lane, outcomes, receipts, steps, verdicts
from notifications.models import Delivery
from realtime.outgoing import Outcome
from tests.faults.bugs.patching import bug, changes, replace

FAR = timedelta(days=1)


@changes("lease-without-number", "claim", lane)
def lease_without_number(original: Any, *given: Any) -> Any:
    """Give each lease the number of the first one."""
    claimed = original(*given)
    for one in claimed:
        if one.row.lease > 1:
            one.row.lease = 1
            Delivery.objects.filter(pk=one.row.pk).update(lease=1)
    return claimed


@changes("outcome-uncompared", "_apply", outcomes)
def outcome_uncompared(original: Any, row: Any, result: Any, *given: Any) -> None:
    """Write how a call ended over what a later lease has written."""
    lease = row.lease
    row.lease, row.state, row.accepted_at = result.lease, "sending", None
    original(row, result, *given)
    row.lease = lease


@changes("doubt-forgotten", "may_have_left", doubt)
def doubt_forgotten(original: Any, *given: Any) -> bool:
    """Take what may have left for what has not."""
    return False


@changes("gone-deletes-new", "_end", verdicts)
def gone_deletes_new(original: Any, one: Any) -> None:
    """Let an old answer remove an address that was registered again since."""
    original(with_fields(one, since=one.since + FAR))


@bug("failover-on-unknown")
def failover_on_unknown() -> None:
    """Try the next provider when nobody knows what the first one did."""

    def next_step(original: Any) -> Any:
        def step(answer: Any, **given: Any) -> Any:
            if answer.outcome is Outcome.UNKNOWN and given["has_another"]:
                return steps.Again(timedelta(), "unknown")
            return original(answer, **given)

        return step

    def choose(original: Any) -> Any:
        return lambda order, tried, blocked, unsettled="": original(order, tried, blocked)

    replace(steps, "next_step", next_step)
    replace(failover, "choose", choose)


_STATES = {"accepted": "accepted", "delivered": "delivered", "failed": "failed"}


@changes("receipt-sets-state", "learn", receipts)
def receipt_sets_state(original: Any, row: Any, facts: Any, *given: Any) -> None:
    """Let the newest report be the state, in whatever order they come."""
    original(row, facts, *given)
    row.state = next((_STATES[fact] for fact in facts if fact in _STATES), row.state)
