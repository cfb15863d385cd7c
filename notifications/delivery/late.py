"""Mark messages that went out late: their users were reached between last look and call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from notifications.delivery import facts as known
from notifications.delivery import people, times
from notifications.delivery.facts import Case
from notifications.delivery.look import RESENT
from notifications.delivery.states import LEFT, facts_of
from notifications.kinds import Rung
from notifications.models import Attempt, Delivery
from notifications.policy.case import condition, is_above
from notifications.policy.reach import reach_until


def mark(rows: Sequence[Delivery], began: Mapping[int, datetime], now: datetime) -> None:
    """Mark what went out although its user had been reached when its call began.

    `began` has the beginning of each call. What goes out unconditionally is never late. A receipt
    alone may say that a message has left: its answer was lost, or is still to come.
    """
    sent = [row for row in rows if has_left(row) and row.decided_by != RESENT]
    cases = known.of_notifications(
        {row.notification_id for row in sent if row.notification_id is not None}
    )
    late = [
        (row, case)
        for row in sent
        if (case := cases.get(row.notification_id or 0)) is not None
        and _is_needless(row, case, began[row.pk], above=False)
    ]
    persons = people.load({row.user_id for row, _ in late}, now) if late else {}
    for row, case in late:
        above = is_above(case.kind, case.facts, persons[row.user_id].chosen)
        row.late = _is_needless(row, case, began[row.pk], above=above)


def has_left(row: Delivery) -> bool:
    """Say whether a fact says that a message has left."""
    return not LEFT.isdisjoint(facts_of(row))


def newest_calls(rows: Sequence[Delivery]) -> dict[int, datetime]:
    """Return when the newest call of each delivery began that is known to have been made.

    Without one, its claim: nobody knows how much later its call began.
    """
    calls = Attempt.objects.filter(delivery__in=[row.pk for row in rows]).order_by("lease")
    began = dict(calls.values_list("delivery_id", "started_at"))  # the last one counts
    return {row.pk: began.get(row.pk, times.claimed_at(row)) for row in rows}


def _is_needless(row: Delivery, case: Case, moment: datetime, *, above: bool) -> bool:
    """Say whether the user had been reached by a moment as surely as the rung asks for."""
    rung = _rung(row, case)
    unless = None if rung is None else condition(rung, above=above)
    if unless is None:
        return False
    # What is known of itself says nothing about before.
    others = tuple(one for one in case.facts.sent if one.rung != row.rung)
    facts = replace(case.facts, sent=others)
    return reach_until(case.ladder, facts, moment).reach >= unless


def _rung(row: Delivery, case: Case) -> Rung | None:
    """Return the rung of a delivery; None for one that the kind has no more."""
    ladder = case.kind.ladder
    return ladder[row.rung] if row.rung < len(ladder) else None
