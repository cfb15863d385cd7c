"""When a rung is due: at its time, or earlier where waiting for it makes no sense. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from notifications.kinds.kind import Rung
from notifications.policy.case import is_required
from notifications.policy.facts import Facts, Ladder, Policy, Sent
from notifications.policy.reach import somebody_is_there
from notifications.policy.rules import UNREACHABLE

# States of a delivery by which nobody was reached, and nobody will be.
_MISSED = frozenset({"failed", "bounced", "unresolved", "cancelled"})


def due_at(
    rung: Rung, ladder: Ladder, facts: Facts, policy: Policy, *, at_once: bool, above: bool
) -> datetime:
    """Return when a rung is due.

    `at_once` says that the rungs before it came to nothing. An open app then still gets a moment to
    acknowledge, if that would make the rung needless.
    """
    scheduled = ladder.committed_at + rung.after / policy.time_scale
    is_there = somebody_is_there(facts)
    if rung.at_once_if_away and not is_there:
        return ladder.committed_at
    must_sms = rung.channel == "sms" and is_required(rung, above=above)
    if at_once or (must_sms and _has_no_app(facts, ladder, policy)):
        if rung.unless is None or not is_there:
            return ladder.committed_at
        return min(scheduled, ladder.committed_at + policy.ack_grace / policy.time_scale)
    return scheduled


def missed(deliveries: Iterable[Sent]) -> bool | None:
    """Say whether the deliveries of a rung came to nothing; None if nothing was to be sent."""
    found = list(deliveries)
    sent = [each for each in found if each.state != "skipped"]
    if sent:
        return all(each.state in _MISSED for each in sent)
    reasons = (each.reason.partition("(")[0] for each in found)
    return True if any(reason in UNREACHABLE for reason in reasons) else None


def _has_no_app(facts: Facts, ladder: Ladder, policy: Policy) -> bool:
    """Say whether the user has neither an address for push nor had a socket for long."""
    push = facts.channels.get("push")
    if push is not None and push.addresses:
        return False
    last = facts.last_socket_at
    return last is None or last < ladder.committed_at - policy.no_app_after
