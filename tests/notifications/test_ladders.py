"""Ladders begin with the event of their notification, in its transaction, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import services
from notifications.models import Delivery, Escalation, Notification
from notifications.services import mailing
from realtime import clock, reach
from realtime.models import Event
from realtime.streams import user_stream
from tests.notifications.proofs import GENERAL, PAID, QUIET, declared
from tests.notifications.support import HOUR, note, overdue, told

CONTEXT = {"amount": "12.50"}


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    with declared(PAID, QUIET, GENERAL):
        yield


def paid(user: User, **fields: Any) -> Notification:
    return note(user, kind=PAID.name, context=CONTEXT, **fields)


def ladder_of(row: Notification) -> Escalation:
    return Escalation.objects.get(notification=row)


def test_a_ladder_keeps_the_event_of_its_notification(alice):
    note(alice, "Another")
    row = paid(alice)
    ladder, event = ladder_of(row), Event.objects.order_by("offset").last()
    assert event is not None
    assert (ladder.user, ladder.event_offset) == (alice, event.offset) == (alice, 2)
    assert (ladder.kind, ladder.policy_version) == (PAID.name, PAID.policy_version)
    assert ladder.due_at - ladder.committed_at == timedelta(seconds=10)
    assert abs(ladder.committed_at - clock.now()) < timedelta(seconds=30)
    assert (ladder.rung, ladder.closed_at, ladder.reason, ladder.evidence) == (0, None, "", None)


def test_a_ladder_keeps_the_epoch_that_devices_acknowledge(alice):
    ladder, stream = ladder_of(paid(alice)), user_stream(alice.pk)
    assert ladder.epoch == reach.positions([stream])[stream].epoch


def test_a_ladder_that_is_rolled_back_never_was(alice):
    with pytest.raises(RuntimeError), transaction.atomic():
        paid(alice)
        raise RuntimeError
    assert not Escalation.objects.exists()
    assert not Event.objects.exists()


def test_only_kinds_with_a_ladder_have_one(alice):
    note(alice, kind=QUIET.name, context=CONTEXT)
    note(alice, type="marketing")
    assert not Escalation.objects.exists()


def test_a_notification_without_a_kind_is_of_the_general_one_of_its_type(alice):
    row = note(alice, type="reminder")
    assert (row.kind, ladder_of(row).kind) == ("", "reminder.general")


def test_a_kind_that_is_no_longer_declared_counts_as_the_general_one(alice):
    row = note(alice, type="reminder", scheduled_at=timezone.now() + HOUR)
    Notification.objects.filter(pk=row.pk).update(
        kind="reminder.gone", scheduled_at=timezone.now() - HOUR
    )
    services.notifications_publish_due()
    assert ladder_of(row).kind == "reminder.general"


def test_a_save_in_a_shell_begins_a_ladder(alice):
    row = Notification.objects.create(user=alice, title="Paid", message="x", kind=PAID.name)
    row.save()
    assert ladder_of(row).event_offset == 1


def test_one_that_was_read_from_the_start_has_no_ladder(alice):
    row = Notification(user=alice, title="Paid", message="x", kind=PAID.name)
    row.read(timezone.now())
    row.save()
    assert not Escalation.objects.exists()


def test_a_ladder_costs_no_round_trip_on_postgresql(alice):
    with CaptureQueriesContext(connection) as without:
        note(alice, kind=QUIET.name, context=CONTEXT)
    with CaptureQueriesContext(connection) as queries:
        paid(alice)
    assert len(queries) == len(without) + (connection.vendor != "postgresql")


def test_the_ladder_of_a_scheduled_one_begins_when_it_is_published(alice):
    row = paid(alice, scheduled_at=timezone.now() + HOUR)
    assert not Escalation.objects.exists()
    note(alice, "Meanwhile")
    Notification.objects.filter(pk=row.pk).update(scheduled_at=timezone.now() - HOUR)
    plain = overdue(alice)
    assert services.notifications_publish_due() == 2
    assert ladder_of(row).event_offset == 2
    assert not Escalation.objects.filter(notification=plain).exists()


@pytest.mark.django_db(transaction=True)
def test_each_user_of_a_mailing_has_a_ladder(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mailing, "CHUNK", 2)
    people = [User.objects.create(username=f"user {number}") for number in range(5)]
    note(people[3], "Before")
    sent = services.notifications_send(
        key="k", title="Paid", message="World", kind=PAID.name, context=CONTEXT
    )
    for user in people:
        row = Notification.objects.get(user=user, title="Paid")
        ladder = ladder_of(row)
        offset = 2 if user == people[3] else 1
        assert (ladder.user, ladder.event_offset, ladder.kind) == (user, offset, PAID.name)
        assert (row.type, row.priority, row.context) == ("payment", "high", CONTEXT | {"payee": ""})
        assert row.actor == f"mailing:{sent.pk}"
        assert told(user)[-1]["data"]["kind"] == PAID.name
    assert (sent.kind, sent.context) == (PAID.name, CONTEXT | {"payee": ""})
    again = services.notifications_send(
        key="k", title="Paid", message="World", kind=PAID.name, context=CONTEXT
    )
    assert (again.pk, Escalation.objects.count()) == (sent.pk, 5)


def test_one_that_is_given_to_another_user_begins_anew(alice, bob):
    row = paid(alice)
    note(bob, "Another")
    Escalation.objects.update(rung=1)
    queued = waiting(row)
    row.user = bob
    row.save()
    ladder = ladder_of(row)
    queued.refresh_from_db()
    assert (queued.user, queued.state) == (alice, "cancelled")
    assert (ladder.user, ladder.event_offset, ladder.rung) == (bob, 2, 0)
    assert (ladder.closed_at, ladder.reason) == (None, "")


def test_one_that_is_withdrawn_leaves_no_ladder_open(alice):
    row = paid(alice)
    row.published_at = None
    row.save()
    assert ladder_of(row).reason == "cancelled"


def test_nothing_is_sent_of_one_that_is_deleted(alice):
    rows = [paid(alice), paid(alice)]
    queued = [waiting(row) for row in rows]
    rows[0].delete()
    Notification.objects.filter(pk=rows[1].pk).delete()
    assert not Escalation.objects.exists()
    for delivery in queued:
        delivery.refresh_from_db()
        assert delivery.state == "cancelled"


def waiting(row: Notification) -> Delivery:
    """Insert a message of a notification that waits to be sent."""
    now = clock.now()
    return Delivery.objects.create(
        notification=row, user=row.user, kind=PAID.name, category=PAID.category, channel="sms",
        decided_by="default", policy_version="p", not_before=now, expires_at=now + HOUR,
        created_at=now, updated_at=now,
    )  # fmt: skip


def test_what_is_superseded_leaves_the_system_no_more(alice):
    older, other = paid(alice), paid(alice)
    queued, others = waiting(older), waiting(other)
    newer = paid(alice, supersedes=str(older.pk))
    assert newer.supersedes == older
    assert (ladder_of(older).reason, ladder_of(other).closed_at) == ("superseded", None)
    assert ladder_of(newer).closed_at is None
    for delivery in (queued, others):
        delivery.refresh_from_db()
    assert (queued.state, queued.reason, others.state) == ("cancelled", "superseded", "queued")


def test_a_scheduled_one_supersedes_when_it_is_published(alice):
    older = paid(alice)
    newer = paid(alice, supersedes=older.pk, scheduled_at=timezone.now() + HOUR)
    assert ladder_of(older).closed_at is None
    Notification.objects.filter(pk=newer.pk).update(scheduled_at=timezone.now() - HOUR)
    services.notifications_publish_due()
    assert ladder_of(older).reason == "superseded"


def test_what_is_cancelled_leaves_the_system_no_more(alice):
    row, scheduled = paid(alice), paid(alice, scheduled_at=timezone.now() + HOUR)
    queued = waiting(row)
    for each in (row, scheduled, row):
        cancelled = services.notification_cancel(notification_id=each.pk)
        assert (cancelled.status, cancelled.cancelled_at is None) == ("archived", False)
    queued.refresh_from_db()
    assert (queued.state, ladder_of(row).reason) == ("cancelled", "cancelled")
    assert [event["type"] for event in told(alice)] == ["notification", "notification_updated"]
    Notification.objects.filter(pk=scheduled.pk).update(scheduled_at=timezone.now() - HOUR)
    assert services.notifications_publish_due() == 0


def test_what_is_cancelled_stays_cancelled_for_whoever_cancels_twice(alice):
    row = paid(alice)
    first = services.notification_cancel(notification_id=row.pk).cancelled_at
    assert services.notifications_cancel(ids=[row.pk]) == 0
    row.refresh_from_db()
    assert row.cancelled_at == first
