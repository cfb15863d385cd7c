"""Gather what waits in digests, and close those that are due.

The first item opens a digest; one is open for a user, category and channel at a time, and a partial
unique index holds that. Items join under its row's lock, so that none is added to one that is
closing: it opens the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models.functions import Now

from notifications import kinds
from notifications.choices import DeliveryState
from notifications.delivery import deployment, hints, people
from notifications.delivery.facts import Case
from notifications.delivery.people import KnownAddress, Person
from notifications.models import Delivery, Digest, DigestItem
from notifications.policy.facts import Join
from notifications.policy.quiet import quiet_until, zone_of
from notifications.policy.resolve import resolve
from realtime import clock
from realtime.retry import one_transaction

SHOWN = 10  # the others are counted
HOUR = time(8)  # local, at which digests leave
VOLLEY_PAUSE = timedelta(minutes=1)  # for the others of a volley to join
LIVES_FOR = timedelta(days=1)
BATCH = 100
MONDAY = 0


def join(joins: Sequence[tuple[Case, Join]], now: datetime) -> None:
    """Put notifications into digests; a repetition changes nothing. The caller's transaction."""
    places = {(case.user_id, case.kind.category, one.channel): (case, one) for case, one in joins}
    open_ones: dict[tuple[int, str, str], int] = {}
    while missing := places.keys() - open_ones.keys():
        Digest.objects.bulk_create(
            [
                Digest(
                    user_id=user_id, category=category, channel=channel,
                    due_at=due_at(*places[user_id, category, channel], now), created_at=now,
                )
                for user_id, category, channel in sorted(missing)
            ],
            ignore_conflicts=True,  # one is open already
        )  # fmt: skip
        found = (
            Digest.objects.select_for_update(no_key=True)
            .filter(closed_at__isnull=True, user__in={place[0] for place in missing})
            .order_by("pk")
        )
        for digest in found:
            open_ones[digest.user_id, digest.category, digest.channel] = digest.pk
    DigestItem.objects.bulk_create(
        [
            DigestItem(
                digest_id=open_ones[case.user_id, case.kind.category, one.channel],
                notification_id=case.notification_id,
                rung=one.rung,
            )
            for case, one in joins
        ],
        ignore_conflicts=True,
    )


def due_at(case: Case, one: Join, now: datetime) -> datetime:
    """Return when a digest leaves that this notification opens."""
    if one.cadence is None and one.rule != "capped":
        return now + VOLLEY_PAUSE / settings.ESCALATION_TIME_SCALE
    zone = zone_of(case.chosen.zone, case.facts.country, deployment.policy().zone)
    return next_leaving(now, ZoneInfo(zone), weekly=one.cadence == "weekly")


def next_leaving(now: datetime, zone: ZoneInfo, *, weekly: bool) -> datetime:
    """Return the next morning in a zone, or that of the next Monday."""
    local = now.astimezone(zone)
    day = local.date()
    while True:
        leaves = datetime.combine(day, HOUR, tzinfo=zone)
        if leaves > local and (not weekly or day.weekday() == MONDAY):
            return leaves.astimezone(now.tzinfo)
        day += timedelta(days=1)


def close_due(limit: int = BATCH) -> int:
    """Close the digests that are due, and queue what they send; return how many were looked at."""
    return _close_batch(limit) if due().exists() else 0


def due() -> Any:
    """Select the digests that are to be closed."""
    return Digest.objects.filter(due_at__lte=Now(), closed_at__isnull=True)


@one_transaction
def _close_batch(limit: int) -> int:
    rows = list(
        due().order_by("due_at", "pk").select_for_update(skip_locked=True, no_key=True)[:limit]
    )
    now = clock.now()
    persons = people.load({row.user_id for row in rows}, now)
    items: dict[int, list[DigestItem]] = defaultdict(list)
    for item in (
        DigestItem.objects.filter(digest__in=rows).select_related("notification").order_by("pk")
    ):
        items[item.digest_id].append(item)
    deliveries: list[Delivery] = []
    for row in rows:
        deliveries += _close(row, items[row.pk], persons[row.user_id], now)
    Digest.objects.bulk_update(rows, ["due_at", "closed_at", "reason"])
    DigestItem.objects.bulk_update(
        [item for row in rows if row.closed_at for item in items[row.pk]], ["shown"]
    )
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    hints.queued(deliveries)
    return len(rows)


def _close(
    row: Digest, items: Sequence[DigestItem], person: Person, now: datetime
) -> Iterable[Delivery]:
    """Close one digest, or let it wait for the end of a quiet time."""
    chosen = person.chosen
    zone = zone_of(chosen.zone, person.country, deployment.policy().zone)
    if (until := quiet_until(chosen.quiet, zone, now)) is not None:
        row.due_at = until
        return []
    for item in items:
        item.shown = _is_news(item, row, person, now)
    shown = [item for item in items if item.shown]
    addresses = [] if not person.is_active else _addresses(row, person)
    row.closed_at = now
    row.reason = "sent" if shown and addresses else "all_seen" if not shown else "no_address"
    return [_delivery(row, shown, address, chosen.version, now) for address in addresses if shown]


def _is_news(item: DigestItem, row: Digest, person: Person, now: datetime) -> bool:
    """Say whether the user has not seen a notification yet, and still wants to hear of it."""
    notice = item.notification
    kind = kinds.find(notice.kind or f"{notice.type}.general")
    if kind is None or notice.seen_at or notice.read_at or notice.archived_at:
        return False
    is_over = notice.expires_at is not None and notice.expires_at <= now
    if is_over or notice.cancelled_at or notice.snoozed_until:
        return False
    channel: Any = row.channel
    return resolve(kind, channel, person.chosen, now).value


def _addresses(row: Digest, person: Person) -> list[KnownAddress]:
    channel: Any = row.channel
    usable = []
    for address in person.addresses.get(channel, ()):
        state = address.state(row.category)
        if state.is_verified and not (state.former or state.suppressed or state.opted_out):
            usable.append(address)
    return usable if row.channel == "push" else usable[:1]


def _delivery(
    row: Digest, items: Sequence[DigestItem], address: KnownAddress, version: int, now: datetime
) -> Delivery:
    return Delivery(
        digest=row,
        user_id=row.user_id,
        kind="digest",
        category=row.category,
        channel=row.channel,
        address_id=address.id,
        address_hash=address.hash,
        state=DeliveryState.QUEUED,
        decided_by="digest",
        policy_version="",
        preference_version=version,
        context={"items": [_item(item) for item in items[:SHOWN]], "total": len(items)},
        not_before=now,
        expires_at=now + LIVES_FOR,
        created_at=now,
        updated_at=now,
    )


def _item(item: DigestItem) -> dict[str, Any]:
    notice = item.notification
    return {
        "kind": notice.kind or f"{notice.type}.general",
        "context": notice.context or {"title": notice.title, "message": notice.message},
    }
