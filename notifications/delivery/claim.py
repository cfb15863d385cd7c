"""Take deliveries that are due, look once more, and write the intent to send them.

One transaction: the rows are locked, what is committed about them is read again, and what is still
to go is marked `sending` with the next lease number. After the commit the caller owns these leases
until they end; the calls are made outside any transaction.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models.functions import Now

from notifications.channels import registry
from notifications.channels.message import Provider, Target
from notifications.choices import DeliveryState
from notifications.delivery import digests, failover, times
from notifications.delivery.closing import ladders_go_on
from notifications.delivery.compose import target_of
from notifications.delivery.facts import Case
from notifications.delivery.failover import Tried
from notifications.delivery.limits import Limits
from notifications.delivery.look import Look
from notifications.delivery.people import Person
from notifications.delivery.rows import update
from notifications.kinds import Channel
from notifications.models import Attempt, Delivery
from realtime import clock
from realtime.outgoing import Outcome, pacing
from realtime.retry import one_transaction

logger = logging.getLogger(__name__)

BLOCKED_PAUSE = timedelta(seconds=5)
LONG_PAUSE = timedelta(minutes=1)  # until staff, or the next hour, let messages go on
_WRITTEN = [
    "state", "reason", "decided_by", "evidence", "not_before", "lease", "lease_until", "worker",
    "attempts", "provider", "preference_version", "updated_at",
]  # fmt: skip


@dataclass(slots=True)
class Claimed:
    """A delivery that this worker may send, if the call begins before `deadline`."""

    row: Delivery
    to: Target
    provider: Provider
    has_another: bool
    person: Person
    case: Case | None  # of a notification
    claimed_at: datetime  # by the database's clock
    monotonic: float  # the same moment or one before, by ours

    @property
    def deadline(self) -> float:
        """Return until when the call may begin, by our monotonic clock."""
        return self.monotonic + times.begins_within().total_seconds()


def claim(channel: Channel, limit: int, worker: str) -> list[Claimed]:
    """Take at most `limit` deliveries of a channel; return those to send now."""
    # Ask without a transaction first: on SQLite it would take the only write lock.
    return _claim(channel, limit, worker) if _due(channel).exists() else []


def _due(channel: Channel) -> Any:
    return Delivery.objects.filter(
        channel=channel, state=DeliveryState.QUEUED, not_before__lte=Now()
    )


@one_transaction
def _claim(channel: Channel, limit: int, worker: str) -> list[Claimed]:
    monotonic = time.monotonic()  # before the database's time, so that no lease seems longer
    rows = list(
        _due(channel)
        .select_related("address")
        .order_by("-priority", "not_before", "pk")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))[:limit]
    )
    now = clock.now()
    look = Look(rows, now)
    going = [row for row in rows if look.lets_go(row)]
    if channel == "sms":
        going = _within_limits(going, now)
    claimed = _with_providers(channel, going, look, now, monotonic)
    lease = times.lease()
    for one in claimed:
        row = one.row
        row.state, row.reason, row.worker = DeliveryState.SENDING, "", worker
        row.lease, row.lease_until = row.lease + 1, now + lease
        row.attempts, row.provider = row.attempts + 1, one.provider.name
    for row in rows:
        row.updated_at = now
    update(rows, _WRITTEN)
    digests.join(look.joins, now)
    ladders_go_on([row for row in rows if row.state == DeliveryState.SKIPPED])
    return claimed


def _within_limits(rows: Sequence[Delivery], now: datetime) -> list[Delivery]:
    """Return the SMS that the limits let go."""
    limits = Limits(rows, now)
    if limits.is_spent:
        held = [row for row in rows if row.announcement_id is None]
        if held:
            logger.error("SMS have cost what SMS_COST_PER_HOUR allows: they wait")
        for row in held:
            row.not_before, row.reason = now + times.scaled(LONG_PAUSE), "spent"
        rows = [row for row in rows if row.announcement_id is not None]
    going = []
    for row in rows:
        if why := limits.refuse(row):
            row.state, row.reason, row.decided_by = DeliveryState.SKIPPED, why, "capped"
            logger.warning("SMS of delivery %s is not sent: %s", row.pk, why)
        else:
            going.append(row)
    return going


def _with_providers(
    channel: Channel, rows: Sequence[Delivery], look: Look, now: datetime, monotonic: float
) -> list[Claimed]:
    """Give each row the provider to call. One for which none lets calls through waits."""
    targets = {row.pk: target_of(row) for row in rows}
    orders = {row.pk: registry.providers(channel, targets[row.pk]) for row in rows}
    closed = _closed(orders, targets)
    # A stopped channel ends the rungs of ladders; what belongs to none of them waits for it.
    is_stopped = channel in registry.stopped()
    pause = times.scaled(LONG_PAUSE if is_stopped else BLOCKED_PAUSE)
    tried, unsettled = _earlier_calls(rows)
    claimed = []
    for row in rows:
        by_name = {} if is_stopped else {one.name: one for one in orders[row.pk]}
        choice = failover.choose(
            list(by_name), tried[row.pk], closed[row.pk], unsettled.get(row.pk, "")
        )
        if choice.provider is None:
            row.not_before, row.reason = now + pause, "blocked"
            continue
        claimed.append(
            Claimed(
                row=row,
                to=targets[row.pk],
                provider=by_name[choice.provider],
                has_another=choice.has_another,
                person=look.person(row),
                case=look.case(row),
                claimed_at=now,
                monotonic=monotonic,
            )
        )
    return claimed


def _closed(
    orders: Mapping[int, Sequence[Provider]], targets: Mapping[int, Target]
) -> dict[int, set[str]]:
    """Return the providers of each row that let no call through, for all or at its host."""
    hosts = {
        (pk, one.name): {one.name, one.host(targets[pk])}
        for pk, order in orders.items()
        for one in order
    }
    blocked = pacing.blocked({name for names in hosts.values() for name in names}).keys()
    return {
        pk: {one.name for one in order if hosts[pk, one.name] & blocked}
        for pk, order in orders.items()
    }


def _earlier_calls(rows: Sequence[Delivery]) -> tuple[dict[int, list[Tried]], dict[int, str]]:
    """Return the earlier calls of deliveries, and the providers of newest calls nobody knows of."""
    again = {row.pk: row for row in rows if row.attempts}
    tried: dict[int, list[Tried]] = defaultdict(list)
    if again:
        calls = Attempt.objects.filter(delivery__in=again).order_by("lease")
        columns = ("delivery_id", "lease", "provider", "outcome")
        for pk, lease, provider, outcome in calls.values_list(*columns):
            tried[pk].append(Tried(lease, provider, outcome))
    unsettled = {
        pk: row.provider
        for pk, row in again.items()
        if not any(one.lease == row.lease and one.outcome != Outcome.UNKNOWN for one in tried[pk])
    }
    return tried, unsettled
