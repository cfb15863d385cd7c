"""Go through the users after an emergency announcement: an SMS for each who does not have it.

One chunk of users is one transaction, which commits the place together with its deliveries. A
worker that is killed in between has done nothing, and any other goes on there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Max, Q
from django.db.models.functions import Now

from notifications.choices import DeliveryState
from notifications.delivery import hints, people
from notifications.delivery.judge import PRIORITIES
from notifications.delivery.people import KnownAddress, Person
from notifications.kinds.system import EMERGENCY
from notifications.models import Delivery, Fallback
from notifications.policy.facts import EVERYTHING
from notifications.texts import emergency
from realtime import clock, reach
from realtime.core.records import StoredEvent
from realtime.retry import one_transaction
from realtime.streams import ANNOUNCEMENTS

AFTER = timedelta(hours=1)  # for devices to apply it; ESCALATION_TIME_SCALE divides it
CHUNK = 500  # users in one transaction
SWEPT = 2000  # deliveries that one transaction cancels
RULE = "emergency"  # the `decided_by` of such a delivery


def fallback_begins(announcement_id: int, event: StoredEvent) -> None:
    """Let the hour begin, in the transaction that publishes an announcement."""
    Fallback.objects.filter(announcement=announcement_id).update(
        event_offset=event.offset,
        epoch=event.epoch,
        due_at=clock.now() + AFTER / settings.ESCALATION_TIME_SCALE,
    )


def advance_due(chunk: int = CHUNK) -> int:
    """Take the next chunk of a fallback that is due, or end one; return how much was done."""
    # Ask without a transaction first: on SQLite it would take the only write lock.
    return _advance(chunk) if open_ones().exists() else 0


def open_ones() -> Any:
    """Select the fallbacks that are due or to be ended."""
    runs = Q(approved_at__isnull=False, due_at__lte=Now())
    return Fallback.objects.filter(runs | Q(cancelled_at__isnull=False), finished_at__isnull=True)


@one_transaction
def _advance(chunk: int) -> int:
    fallback = (
        open_ones()
        .select_related("announcement")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .order_by("pk")
        .first()
    )
    if fallback is None:  # another worker has it
        return 0
    now = clock.now()
    if fallback.cancelled_at is None and fallback.announcement.state(now) == "over":
        fallback.cancelled_at = now
    if fallback.cancelled_at is not None:
        return _sweep(fallback, now)
    users = get_user_model()._default_manager
    if fallback.last_user_id is None:
        fallback.last_user_id = users.aggregate(last=Max("pk"))["last"] or 0
    left = users.filter(is_active=True, pk__gt=fallback.done_user_id, pk__lte=fallback.last_user_id)
    ids = list(left.order_by("pk").values_list("pk", flat=True)[:chunk])
    if ids:
        _take(fallback, ids, now)
    else:
        fallback.finished_at = now
    fallback.save(update_fields=["last_user_id", "done_user_id", "finished_at", *Fallback.COUNTS])
    return len(ids) or 1


def _take(fallback: Fallback, ids: Sequence[int], now: datetime) -> None:
    """Queue an SMS for each of these users whose devices do not have the announcement."""
    have_it = who_has_it(fallback, ids)
    persons = people.load([pk for pk in ids if pk not in have_it], now)
    said = announcement_sms(fallback)
    rows = [
        _delivery(fallback, pk, person, to, said, now)
        for pk, person in persons.items()
        if (to := number_of(person)) is not None
    ]
    # A number that has moved to another user has had it.
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    hints.queued(rows)
    fallback.done_user_id = ids[-1]
    fallback.checked += len(ids)
    fallback.reached += len(have_it)
    fallback.queued += len(rows)
    fallback.unreachable += len(persons) - len(rows)


def who_has_it(fallback: Fallback, ids: Sequence[int]) -> dict[int, reach.Applied]:
    """Return which of these users have a device that has acknowledged the announcement."""
    if fallback.event_offset is None:
        return {}
    return reach.applied(ANNOUNCEMENTS, fallback.epoch, fallback.event_offset, ids)


def number_of(person: Person) -> KnownAddress | None:
    """Return the number of a user that may be used, if there is one."""
    for address in person.addresses.get("sms", ()):
        if address.is_verified and not address.is_former and EVERYTHING not in address.suppressions:
            return address
    return None


def announcement_sms(fallback: Fallback) -> Any:
    """Return a function that makes the SMS in a locale, each once."""
    announcement = fallback.announcement
    return cache(partial(emergency.sms, announcement.title, announcement.message, fallback.texts))


def _delivery(
    fallback: Fallback, user_id: int, person: Person, to: KnownAddress, said: Any, now: datetime
) -> Delivery:
    sms: emergency.Sms = said(emergency.locale_of(person.chosen.locale, to.locale))
    lives_until, ends_at = now + EMERGENCY.lives_for, fallback.announcement.ends_at
    return Delivery(
        announcement_id=fallback.pk,
        user_id=user_id,
        kind=EMERGENCY.name,
        category=EMERGENCY.category,
        channel="sms",
        address_id=to.id,
        address_hash=to.hash,
        required=True,
        state=DeliveryState.QUEUED,
        decided_by=RULE,
        policy_version=EMERGENCY.policy_version,
        preference_version=person.chosen.version,
        locale=sms.locale,
        context={"text": sms.values.text},
        segments=sms.segments,
        priority=PRIORITIES[EMERGENCY.priority],
        not_before=now,
        expires_at=lives_until if ends_at is None else min(lives_until, ends_at),
        created_at=now,
        updated_at=now,
    )


def _sweep(fallback: Fallback, now: datetime) -> int:
    """Cancel some of what waits to be sent, and end the fallback when nothing is left."""
    waiting = Delivery.objects.filter(
        announcement=fallback.pk, channel="sms", state=DeliveryState.QUEUED
    )
    some = list(
        waiting.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)[
            :SWEPT
        ]
    )
    Delivery.objects.filter(pk__in=some).update(
        state=DeliveryState.CANCELLED, reason="cancelled", updated_at=now
    )
    if not some and not waiting.exists():
        fallback.finished_at = now
    fallback.save(update_fields=["cancelled_at", "finished_at"])
    return len(some) or int(fallback.finished_at is not None)


class Standing(NamedTuple):
    """The committed state of fallbacks, for the last look at their deliveries."""

    over: frozenset[int]  # fallbacks that send nothing more
    applied: Mapping[tuple[int, int], reach.Applied]  # by announcement and user


def standing(rows: Sequence[Delivery], now: datetime) -> Standing:
    """Read which fallbacks have ended, and which users have the announcement by now."""
    users: dict[int, list[int]] = {}
    for row in rows:
        if row.announcement_id is not None:
            users.setdefault(row.announcement_id, []).append(row.user_id)
    if not users:
        return Standing(frozenset(), {})
    found = Fallback.objects.select_related("announcement").filter(
        pk__in=users, cancelled_at__isnull=True
    )
    going = [one for one in found if one.announcement.state(now) != "over"]
    applied = {
        (one.pk, user_id): device
        for one in going
        for user_id, device in who_has_it(one, users[one.pk]).items()
    }
    over = frozenset(users).difference(one.pk for one in going)
    return Standing(over, applied)
