"""Notifications are snoozed until a time, and pinned."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from notifications import selectors, services
from notifications.models import Notification
from realtime.errors import Conflict, InvalidInput, NotFound
from tests.notifications.support import HOUR, last_change, note, titles, told


def snooze(row: Notification, until: Any = None) -> Notification:
    moment = until or timezone.now() + HOUR
    return services.notification_snooze(notification_id=row.pk, user_id=row.user_id, until=moment)


def counts(user: Any) -> tuple[int, int]:
    found = selectors.notification_counts([user.pk])[user.pk]
    return found.unread, found.unseen


def unread(user: Any, **filters: Any) -> list[str]:
    rows = selectors.notifications_list(user_id=user.pk, unread_only=True, **filters)
    return [row.title for row in rows]


def test_a_snoozed_one_is_out_of_sight_until_its_time(alice):
    row = note(alice, "Later")
    note(alice, "Now")
    snoozed = snooze(row)
    assert (snoozed.status, snoozed.seen_at is None) == ("unread", False)
    assert (counts(alice), unread(alice)) == ((1, 1), ["Now"])
    assert selectors.notification_summary(user_id=alice.pk)["unread_count"] == 1
    assert services.notifications_wake() == 0
    Notification.objects.filter(pk=row.pk).update(snoozed_until=timezone.now() - HOUR)
    assert services.publish_due() == 1
    assert services.notifications_wake() == 0
    assert (counts(alice), unread(alice)) == ((2, 2), ["Now", "Later"])


def test_devices_are_told_the_whole_of_it(alice):
    row = note(alice)
    until = snooze(row).snoozed_until
    assert until is not None
    shown = last_change(alice)["notification"]["snoozed_until"]
    assert shown == f"{until:%Y-%m-%dT%H:%M:%S}.{until.microsecond // 1000:03}Z"
    Notification.objects.filter(pk=row.pk).update(snoozed_until=timezone.now() - HOUR)
    services.notifications_wake()
    woken = last_change(alice)
    assert (woken["seen_at"], woken["notification"]["snoozed_until"]) == (None, None)
    services.notification_pin(notification_id=row.pk, user_id=alice.pk)
    assert last_change(alice)["notification"]["pinned_at"] is not None


def test_one_that_was_read_meanwhile_stays_read(alice):
    row = note(alice)
    snooze(row)
    services.notification_mark_read(notification_id=row.pk)
    Notification.objects.filter(pk=row.pk).update(snoozed_until=timezone.now() - HOUR)
    assert services.notifications_wake() == 1
    row.refresh_from_db()
    assert (row.status, row.seen_at is None, row.snoozed_until) == ("read", False, None)


def test_the_user_may_bring_it_back(alice):
    row = note(alice)
    snooze(row)
    for _ in range(2):
        back = services.notification_unsnooze(notification_id=row.pk, user_id=alice.pk)
        assert back.snoozed_until is None
    assert (counts(alice), len(told(alice))) == ((1, 0), 3)


@pytest.mark.parametrize("hours", [-1, 24 * 91])
def test_it_refuses_a_time_that_is_past_or_too_far(alice, hours: int):
    row = note(alice)
    with pytest.raises(InvalidInput, match="until: must be within 90 days"):
        snooze(row, timezone.now() + timedelta(hours=hours))
    assert len(told(alice)) == 1


def test_only_an_unread_one_can_be_snoozed(alice, bob):
    row = note(alice)
    services.notification_mark_read(notification_id=row.pk)
    with pytest.raises(Conflict, match="It is read"):
        snooze(row)
    with pytest.raises(NotFound):
        services.notification_pin(notification_id=row.pk, user_id=bob.pk)


def test_a_pin_stays_where_it_was(alice):
    row = note(alice, "Pinned")
    note(alice, "Other")
    first = services.notification_pin(notification_id=row.pk, user_id=alice.pk).pinned_at
    again = services.notification_pin(notification_id=row.pk, user_id=alice.pk)
    assert (again.pinned_at, len(told(alice))) == (first, 3)

    def found(*, pinned: bool) -> list[str]:
        rows = selectors.notifications_list(user_id=alice.pk, pinned=pinned)
        return [row.title for row in rows]

    assert (found(pinned=True), found(pinned=False)) == (["Pinned"], ["Other"])
    off = services.notification_unpin(notification_id=row.pk, user_id=alice.pk)
    assert (off.pinned_at, found(pinned=True)) == (None, [])
    assert titles(told(alice)[:1]) == ["Pinned"]
