"""Mark messages that went out late: their users were reached between last look and call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from notifications.delivery import facts, people
from notifications.delivery.facts import Case
from notifications.delivery.look import RESENT
from notifications.kinds import Rung
from notifications.models import Delivery
from notifications.policy.case import condition, is_above
from notifications.policy.reach import reach_until


def mark(rows: Sequence[Delivery], began: Mapping[int, datetime], now: datetime) -> None:
    """Mark what went out although its user had been reached when its call began.

    `began` has the beginning of each call. What goes out unconditionally is never late.
    """
    sent = [row for row in rows if row.accepted_at is not None and row.decided_by != RESENT]
    cases = facts.of_notifications(
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


def _is_needless(row: Delivery, case: Case, moment: datetime, *, above: bool) -> bool:
    """Say whether the user had been reached by a moment as surely as the rung asks for."""
    rung = _rung(row, case)
    unless = None if rung is None else condition(rung, above=above)
    return unless is not None and reach_until(case.ladder, case.facts, moment).reach >= unless


def _rung(row: Delivery, case: Case) -> Rung | None:
    """Return the rung of a delivery; None for one that the kind has no more."""
    ladder = case.kind.ladder
    return ladder[row.rung] if row.rung < len(ladder) else None
