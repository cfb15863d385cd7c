"""Write how calls ended: a comparison with the lease, one attempt, and what follows from it.

A write counts only for the lease that made the call. A worker that was stopped and wakes up late
finds another number, and adds an attempt as evidence but changes no state.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from django.conf import settings

from notifications.channels.message import Answer
from notifications.choices import DeliveryState
from notifications.delivery import doubt, ids, late, receipts, steps, verdicts
from notifications.delivery.closing import ladders_go_on
from notifications.delivery.rows import insert, update
from notifications.delivery.states import MISSED, channel_of, facts_of, state_of
from notifications.models import Address, Attempt, Delivery
from realtime import clock
from realtime.outgoing import Outcome, breaker
from realtime.retry import one_transaction
from realtime.sql.any_of import AnyOf

# An outcome may change these: the last one is a delivery that was queued again because its
# outcome was not known, and whose answer comes after all.
_OPEN = frozenset({DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.QUEUED})
# In these no worker makes a call, so that an older one which was taken says how it ended.
_AT_REST = frozenset({DeliveryState.UNKNOWN, DeliveryState.QUEUED, DeliveryState.UNRESOLVED})
_WRITTEN = [
    *receipts.WRITTEN, "not_before", "lease_until", "attempts", "provider", "segments", "cost",
    "cost_currency", "possible_duplicate", "template_version", "locale",
]  # fmt: skip
# What no outcome depends on: reading a row costs as much as its columns.
_UNREAD = [
    "context", "evidence", "category", "policy_version", "preference_version", "priority",
    "worker", "digest", "announcement", "resend", "updated_at",
]  # fmt: skip


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The end of what one lease was for. Without an `answer`, no call was made."""

    delivery_id: int
    lease: int
    provider: str
    host: str = ""
    worker: str
    answer: Answer | None
    started_at: datetime  # by the database's clock
    duration_ms: int = 0
    has_another: bool = False  # a provider that has not refused it
    template_version: str = ""
    locale: str = ""
    pause_seconds: float = 0.0  # without an answer: when to try again


@one_transaction
def outcomes_write(results: Sequence[Result]) -> None:
    """Write the ends of calls. Writing the same ones again changes nothing."""
    by_id = {result.delivery_id: result for result in results}
    rows = list(
        Delivery.objects.select_for_update(no_key=True)
        .filter(AnyOf("pk", by_id))
        .defer(*_UNREAD)
        .order_by("pk")
    )
    now = clock.now()
    calls = Attempt.objects.filter(AnyOf("delivery", by_id))
    known: Counter[int] = Counter()
    written = set()
    for pk, lease, outcome in calls.values_list("delivery_id", "lease", "outcome"):
        known[pk] += outcome != Outcome.UNKNOWN
        if lease == by_id[pk].lease:
            written.add(pk)
    rows = [row for row in rows if row.pk not in written]
    for row in rows:
        _apply(row, by_id[row.pk], known[row.pk], now)
    late.mark(rows, {pk: one.started_at for pk, one in by_id.items()}, now)
    ids.leave_taken(rows)
    receipts.join(rows, now)
    update(rows, _WRITTEN)
    insert([attempt for row in rows if (attempt := _attempt(by_id[row.pk], now)) is not None])
    _follow(rows, by_id, now)


def _apply(row: Delivery, result: Result, known: int, now: datetime) -> None:
    """Change a delivery as its answer says, if the lease is still the one of the call.

    `known` counts its earlier calls of which somebody knows how they ended.
    """
    answer = result.answer
    row.updated_at = now
    if row.lease != result.lease or row.state not in _OPEN:
        if answer is not None and answer.outcome is Outcome.ACCEPTED:
            _taken_after_all(row, result, answer, now)
        return
    if answer is None:
        row.attempts, row.provider = max(row.attempts - 1, 0), ""
        _queue(row, now, steps.seconds(result.pause_seconds), row.reason, known)
        return
    row.template_version = result.template_version or row.template_version
    row.locale = result.locale or row.locale
    row.segments = answer.segments if answer.segments is not None else row.segments
    if answer.cost is not None:
        row.cost, row.cost_currency = answer.cost, answer.cost_currency
    step = steps.next_step(
        answer,
        channel=channel_of(row),
        attempts=row.attempts,
        has_another=result.has_another,
        jitter=random.random(),
        scale=settings.ESCALATION_TIME_SCALE,
    )
    match step:
        case steps.Done():
            row.accepted_at, row.reason = now, ""
            row.provider_id = answer.provider_id
            row.state = state_of(channel_of(row), facts_of(row), DeliveryState.ACCEPTED)
        case steps.Failed():
            row.reason = step.reason[:64]
            if answer.verdict in {"bounced", "rejected"}:
                row.bounced_at = now
            else:
                row.failed_at = now
            row.state = state_of(channel_of(row), facts_of(row), DeliveryState.FAILED)
        case steps.Again():
            _queue(row, now, step.pause, step.reason, known + 1)
        case steps.FindOut() if not _is_taken(row):
            row.state, row.not_before, row.reason = DeliveryState.UNKNOWN, now + step.pause, ""
            return  # `lease_until` says when the call began
    row.lease_until = None


def _taken_after_all(row: Delivery, result: Result, answer: Answer, now: datetime) -> None:
    """Note that an older call was taken."""
    row.possible_duplicate |= row.lease != result.lease  # a later lease may have sent it too
    row.accepted_at = row.accepted_at or now
    if row.state in _AT_REST:
        row.provider, row.provider_id = result.provider, answer.provider_id
        _is_taken(row)
    row.provider_id = row.provider_id or answer.provider_id


def _is_taken(row: Delivery) -> bool:
    """Say whether a call was taken; then it ends so, and is not sent once more."""
    if row.accepted_at is None:
        return False
    row.state = state_of(channel_of(row), facts_of(row), DeliveryState.ACCEPTED)
    row.reason, row.lease_until = "", None
    return True


def _queue(row: Delivery, now: datetime, pause: timedelta, reason: str, known: int) -> None:
    """Queue it again, unless its time is over by then, or an older call was taken meanwhile."""
    if _is_taken(row):
        return
    row.state, row.reason = DeliveryState.QUEUED, reason
    if pause:
        row.not_before = now + pause
    if row.not_before >= row.expires_at:
        row.state = DeliveryState.EXPIRED
        if doubt.may_have_left(row, known):
            doubt.end(row)


def _attempt(result: Result, now: datetime) -> Attempt | None:
    if result.answer is None:
        return None
    return Attempt(
        delivery_id=result.delivery_id,
        lease=result.lease,
        provider=result.provider,
        worker=result.worker,
        outcome=result.answer.outcome.value,
        status=result.answer.status,
        code=result.answer.code[:100],
        started_at=result.started_at,
        duration_ms=result.duration_ms,
        created_at=now,
    )


def _follow(rows: Sequence[Delivery], by_id: dict[int, Result], now: datetime) -> None:
    """Let outcomes reach receipts that came before them, addresses, and ladders."""
    verdicts.carry_out(
        judged
        for row in sorted(rows, key=lambda row: by_id[row.pk].host)  # the order of locks
        if (judged := _judged(row, by_id[row.pk])) is not None
    )
    used = {row.address_id for row in rows if row.accepted_at == now and row.address_id}
    if used:
        Address.objects.filter(AnyOf("pk", used)).update(last_ok_at=now)
    ladders_go_on([row for row in rows if row.state in MISSED])


def _judged(row: Delivery, result: Result) -> verdicts.Judged | None:
    """Return what an answer says of the address, if it does and may be believed."""
    answer = result.answer
    if answer is None or not answer.verdict:
        return None
    if answer.verdict == "gone" and not breaker.gone(result.host):
        return None
    since = result.started_at
    return verdicts.Judged(
        verdict=answer.verdict,
        channel=channel_of(row),
        address_id=row.address_id,
        address_hash=row.address_hash,
        since=since if answer.gone_at is None else min(since, answer.gone_at),
        source=result.provider,
    )
