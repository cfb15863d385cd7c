"""Snooze notifications until a time, and pin them.

A snoozed one stays unread, but leaves the counts and the lists of unread ones until it is woken:
by its time, by a job, or by the user.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from notifications import selectors, validation
from notifications.choices import Status
from notifications.events import publish_states
from notifications.models import Notification
from notifications.payloads import notification_state
from realtime import clock
from realtime.errors import Conflict, InvalidInput
from realtime.retry import one_transaction

LONGEST_SNOOZE = timedelta(days=90)
BATCH = 200  # woken in one transaction


def notification_snooze(
    *, notification_id: int | str, user_id: int, until: datetime
) -> Notification:
    """Take an unread notification out of sight until a time, within LONGEST_SNOOZE.

    To snooze implies to have seen it, which the judge of its ladder takes into account. Raises
    InvalidInput and Conflict.
    """

    def change(row: Notification, now: datetime) -> dict[str, Any]:
        moment = validation.moment("until", until)
        if moment is None or not now < moment <= now + LONGEST_SNOOZE:
            raise InvalidInput("until", f"must be within {LONGEST_SNOOZE.days} days from now")
        if row.status != Status.UNREAD:
            raise Conflict(f"It is {row.status}; only an unread notification can be snoozed.")
        return {"snoozed_until": moment, "seen_at": row.seen_at or now}

    return _change(notification_id, user_id, change)


def notification_unsnooze(*, notification_id: int | str, user_id: int) -> Notification:
    """Bring a snoozed notification back now."""
    return _change(notification_id, user_id, lambda row, now: {"snoozed_until": None})


def notification_pin(*, notification_id: int | str, user_id: int) -> Notification:
    """Pin a notification. Repeated, it stays where it was pinned."""
    return _change(notification_id, user_id, lambda row, now: {"pinned_at": row.pinned_at or now})


def notification_unpin(*, notification_id: int | str, user_id: int) -> Notification:
    """Take a pin off a notification."""
    return _change(notification_id, user_id, lambda row, now: {"pinned_at": None})


@one_transaction
def _change(
    notification_id: int | str,
    user_id: int,
    change: Callable[[Notification, datetime], dict[str, Any]],
) -> Notification:
    """Set columns of the user's locked row, if that changes anything."""
    row = selectors.notification_get(notification_id=notification_id, user_id=user_id, lock=True)
    now = clock.now()
    values = change(row, now)
    if any(getattr(row, name) != value for name, value in values.items()):
        for name, value in {**values, "updated_at": now}.items():
            setattr(row, name, value)
        row.save(update_fields=[*values, "updated_at"])
    return row


def notifications_wake() -> int:
    """Bring back each notification whose snooze is over; return how many. Unread ones are unseen.

    A job calls it on every node every second.
    """
    total = 0
    # Ask without a transaction first: on SQLite it would take the only write lock.
    while selectors.notifications_to_wake().exists():
        woken = _wake_batch()
        if not woken:
            break  # another node has locked all of them
        total += woken
    return total


@one_transaction
def _wake_batch() -> int:
    due = selectors.notifications_to_wake().select_for_update(skip_locked=True, no_key=True)
    rows = list(due[:BATCH])
    now = clock.now()
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(
        snoozed_until=None, updated_at=now
    )
    unread = [row for row in rows if row.status == Status.UNREAD]
    Notification.objects.filter(pk__in=[row.pk for row in unread]).update(seen_at=None)
    for row in rows:
        row.snoozed_until = None
    for row in unread:
        row.seen_at = None
    publish_states((row.user_id, notification_state(row, whole=True)) for row in rows)
    return len(rows)
