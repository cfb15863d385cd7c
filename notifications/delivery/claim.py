"""Take deliveries that are due, look once more, and write the intent to send them.

One transaction: the rows are locked, what is committed about them is read again, and what is still
to go is marked `sending` with the next lease number. After the commit the caller owns these leases
until they end; the calls are made outside any transaction.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models.functions import Now

from notifications import selectors
from notifications.channels.message import Provider, Target
from notifications.choices import DeliveryState
from notifications.delivery import digests, doubt, times
from notifications.delivery.closing import ladders_go_on
from notifications.delivery.facts import Case
from notifications.delivery.limits import Limits
from notifications.delivery.look import Look
from notifications.delivery.people import Person
from notifications.delivery.rows import update
from notifications.delivery.states import NEVER_SENT
from notifications.delivery.ways import Calls, Ways
from notifications.kinds import Channel
from notifications.models import Delivery
from realtime import clock
from realtime.retry import one_transaction

logger = logging.getLogger(__name__)

BLOCKED_PAUSE = timedelta(seconds=5)
LONG_PAUSE = timedelta(minutes=1)  # until staff, or the next hour, let messages go on
_WRITTEN = [
    "state", "reason", "decided_by", "evidence", "not_before", "lease", "lease_until", "worker",
    "attempts", "provider", "preference_version", "updated_at",
]  # fmt: skip
# What the last look, the texts and the call take: reading a row costs as much as its columns.
_READ = [
    *_WRITTEN, "notification", "digest", "announcement", "user_id", "kind", "category", "channel",
    "address", "address_hash", "rung", "required", "locale", "context", "priority", "expires_at",
    "created_at", "address__value", "address__service", "address__keys", "address__device",
    "address__locale",
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
    unread: int | None  # for the badge of a push: the number itself, never a difference

    @property
    def deadline(self) -> float:
        """Return until when the call may begin, by our monotonic clock."""
        return self.monotonic + times.begins_within().total_seconds()


def due(channel: Channel) -> Any:
    """Select what of a channel waits to be sent now."""
    return Delivery.objects.filter(
        channel=channel, state=DeliveryState.QUEUED, not_before__lte=Now()
    )


@one_transaction
def claim(channel: Channel, limit: int, worker: str) -> list[Claimed]:
    """Take at most `limit` deliveries of a channel; return those to send now.

    All that they need is read here: what failed after the commit would leave them to the reaper.
    """
    monotonic = time.monotonic()  # before the database's time, so that no lease seems longer
    rows = list(
        due(channel)
        .select_related("address")
        .only(*_READ)
        .order_by("-priority", "not_before", "pk")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))[:limit]
    )
    if not rows:
        return []
    now = clock.now()
    calls = Calls(rows)
    in_doubt = {row.pk for row in rows if calls.may_have_left(row)}
    ways = Ways(channel, rows)
    look = Look(rows, now, ways.stopped)
    going = [row for row in rows if look.lets_go(row)]
    if channel == "sms":
        going = _within_limits(going, now)
    for row in rows:
        if row.pk in in_doubt and row.state in NEVER_SENT:
            doubt.end(row)
    pause = times.scaled(LONG_PAUSE if ways.is_stopped else BLOCKED_PAUSE)
    unread = _unread(channel, going)
    claimed = []
    for row in going:
        choice = ways.choose(row, calls)
        if choice.provider is None:
            row.not_before, row.reason = now + pause, "blocked"
            continue
        claimed.append(
            Claimed(
                row=row,
                to=ways.target(row),
                provider=ways.provider(row, choice.provider),
                has_another=choice.has_another,
                person=look.person(row),
                case=look.case(row),
                claimed_at=now,
                monotonic=monotonic,
                unread=unread.get(row.user_id),
            )
        )
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
    ladders_go_on(
        row
        for row in rows
        if row.state == DeliveryState.SKIPPED
        or (row.state == DeliveryState.UNRESOLVED and doubt.goes_on(row))
    )
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


def _unread(channel: Channel, rows: Sequence[Delivery]) -> dict[int, int]:
    """Count for the badges of push messages."""
    if channel != "push" or not rows:
        return {}
    counts = selectors.notification_counts(sorted({row.user_id for row in rows}))
    return {user_id: each.unread for user_id, each in counts.items()}
