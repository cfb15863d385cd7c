"""Judge the ladders that are due, and write what follows from it in one transaction.

Any number of workers may do so at once: a batch is claimed by locks that others skip. The decision
itself is `notifications.policy`, which does no I/O.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db.models.functions import Now
from msgspec.structs import replace

from notifications.addresses.adoption import addresses_adopt
from notifications.choices import DeliveryState
from notifications.delivery import deployment, digests, facts, hints, rows
from notifications.delivery.facts import Case
from notifications.kinds import Rung
from notifications.models import Delivery, Escalation
from notifications.policy.decide import decide, is_over
from notifications.policy.facts import Close, Decision, Go, Join, Send, Skip, Wait
from notifications.policy.reach import best_reach
from realtime import clock
from realtime.retry import one_transaction

logger = logging.getLogger(__name__)

BATCH = 500
PRIORITIES = {"low": 0, "medium": 1, "high": 2, "urgent": 3}


def judge_due(limit: int = BATCH) -> int:
    """Judge the ladders that are due, at most `limit`; return how many."""
    # Ask without a transaction first: on SQLite it would take the only write lock.
    return _judge_batch(limit) if _due().exists() else 0


def open_ones() -> Any:
    """Select the ladders that are not over."""
    return Escalation.objects.filter(closed_at__isnull=True)


def _due() -> Any:
    return open_ones().filter(due_at__lte=Now())


@one_transaction
def _judge_batch(limit: int) -> int:
    claimed = list(
        _due()
        .order_by("due_at", "pk")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .values_list(*facts.COLUMNS)[:limit]
    )
    if not claimed:
        return 0
    now = clock.now()
    found = facts.cases(claimed)
    decided = [(case, over) for case in found if (over := has_reached(case, now)) is not None]
    rest = _without(found, decided)
    if rest:
        addresses_adopt({case.user_id for case in rest})
        facts.add_people(rest, now)
        decided += _decide(rest, now)
    unknown = {row[0] for row in claimed}.difference(case.notification_id for case in found)
    Escalation.objects.filter(pk__in=unknown).update(closed_at=now, reason="unknown_kind")
    apply(decided, now)
    return len(claimed)


def has_reached(case: Case, now: datetime) -> Decision | None:
    """Close a ladder of which no rung can fire any more, without asking for further facts.

    Most ladders end so: their users have seen the notification. Those need no further query.
    """
    left = [
        rung
        for number, rung in enumerate(case.kind.ladder)
        if number not in case.ladder.done and _may_fire(rung, case)
    ]
    if not left or any(case.has_chosen and rung.required_above for rung in left):
        return None
    reached = best_reach(case.ladder, case.facts)
    if any(rung.unless is None or reached.reach < rung.unless for rung in left):
        return None
    over = is_over(case.ladder, case.facts, now)
    return over or Close(reason="reached", rule="reached", evidence=reached)


def _may_fire(rung: Rung, case: Case) -> bool:
    """Say whether a rung may fire at all: what is off until it is chosen takes a choice."""
    return rung.chosen or rung.required or case.has_chosen


def _without(found: Sequence[Case], decided: Sequence[tuple[Case, Decision]]) -> list[Case]:
    known = {case.notification_id for case, _ in decided}
    return [case for case in found if case.notification_id not in known]


def _decide(cases: Sequence[Case], now: datetime) -> list[tuple[Case, Decision]]:
    """Decide on ladders. What a quiet time has held back is counted for each user."""
    held: Counter[int] = Counter()
    policy, decided = deployment.policy(), []
    for case in cases:
        if case.waited_for == "quiet":
            case.facts = replace(case.facts, held=held[case.user_id])
            held[case.user_id] += 1
        decision = decide(case.ladder, case.facts, case.chosen, policy, now)
        decided.append((case, decision))
    return decided


def apply(decided: Sequence[tuple[Case, Decision]], now: datetime) -> None:
    """Write decisions: deliveries, items of digests, and where each ladder stands."""
    deliveries: list[Delivery] = []
    joined: list[tuple[Case, Join]] = []
    moved: list[rows.Moved] = []
    for case, decision in decided:
        _raise_alarms(case, decision.skips)
        deliveries += [skipped(case, skip, now) for skip in decision.skips if skip.stored]
        end: Close | Wait
        if isinstance(decision, Send):
            for rung in decision.rungs:
                if isinstance(rung, Join):
                    joined.append((case, rung))
                else:
                    deliveries += queued(case, rung, now)
            end = decision.then
        else:
            end = decision
        moved.append(_moved(case, end, now))
    # What is there already was decided before: a repetition changes nothing.
    rows.insert(deliveries)
    hints.queued(deliveries)
    digests.join(joined, now)
    rows.move(moved)


def _raise_alarms(case: Case, skips: Iterable[Skip]) -> None:
    """Log what is required and reaches nobody. Without a provider that is the operator's doing."""
    for skip in skips:
        if skip.alarm:
            logger.log(
                logging.ERROR if skip.rule == "channel_off" else logging.WARNING,
                "notification %s: %s is required for %s, and not possible: %s",
                case.notification_id,
                skip.channel,
                case.kind.name,
                skip.reason,
            )


def _moved(case: Case, end: Close | Wait, now: datetime) -> rows.Moved:
    if isinstance(end, Wait):
        return rows.Moved(case.notification_id, end.rung, end.until, None, end.rule, None)
    return rows.Moved(
        case.notification_id, len(case.kind.ladder), now, now, end.reason, end.evidence
    )


def queued(case: Case, go: Go, now: datetime) -> Iterable[Delivery]:
    """Return the deliveries that a rung has decided: one for each address."""
    for address_id in go.addresses:
        delivery = _delivery(case, go, now)
        delivery.address_id = address_id
        delivery.address_hash = case.hash_of(address_id)
        delivery.state = DeliveryState.QUEUED
        yield delivery


def skipped(case: Case, skip: Skip, now: datetime) -> Delivery:
    """Return the row that says why a rung sends nothing."""
    delivery = _delivery(case, skip, now)
    delivery.state = DeliveryState.SKIPPED
    delivery.reason = skip.reason[:64]
    if skip.evidence is not None:
        delivery.evidence = msgspec.to_builtins(skip.evidence)
    return delivery


def _delivery(case: Case, rung: Go | Skip, now: datetime) -> Delivery:
    return Delivery(
        notification_id=case.notification_id,
        user_id=case.user_id,
        kind=case.kind.name,
        category=case.kind.category,
        channel=rung.channel,
        rung=rung.rung,
        required=rung.required,
        decided_by=rung.rule,
        policy_version=case.kind.policy_version,
        preference_version=case.chosen.version,
        context=case.context,
        priority=PRIORITIES[case.kind.priority],
        not_before=now,
        expires_at=case.expires_at,
        created_at=now,
        updated_at=now,
    )
