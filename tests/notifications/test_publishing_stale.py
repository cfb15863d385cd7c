"""An instance that is older than its row publishes the right event."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from notifications.models import Announcement, Notification
from notifications.services import announcement_publish
from notifications.services.due import notifications_publish_due
from tests.notifications.support import (
    HOUR,
    announced,
    draft,
    last_change,
    note,
    overdue,
    told,
    types,
)
from tests.services.locks import threads, wait_for_a_waiter


@pytest.mark.parametrize("savepoint", [False, True])
@pytest.mark.django_db(transaction=True)
def test_it_publishes_a_save_that_was_rolled_back_and_is_repeated(alice, savepoint: bool):
    created = note(alice)
    with transaction.atomic() if savepoint else nullcontext():
        with pytest.raises(LookupError), transaction.atomic():
            created.move("read", timezone.now())
            created.save()
            raise LookupError
        assert types(told(alice)) == ["notification"]
        created.save()
    assert types(told(alice)) == ["notification", "notification_updated"]
    created.save()
    assert len(told(alice)) == 2


@pytest.mark.django_db(transaction=True)
def test_it_publishes_a_creation_that_was_rolled_back_and_is_repeated(alice):
    new = Notification(user=alice, title="Hello", message="World")
    with pytest.raises(LookupError), transaction.atomic():
        new.save()
        raise LookupError
    new.save()
    assert types(told(alice)) == ["notification"]


def test_it_publishes_what_a_stale_instance_overwrites(alice):
    created = note(alice)
    stale = Notification.objects.get(pk=created.pk)
    created.move("read", timezone.now())
    created.save()
    stale.save()
    last = last_change(alice)
    assert (last["status"], last["notification"]["status"]) == ("unread", "unread")


def test_it_publishes_that_a_stale_instance_takes_it_back(alice):
    scheduled = note(alice, scheduled_at=timezone.now() + HOUR)
    stale = Notification.objects.get(pk=scheduled.pk)
    scheduled.published_at = timezone.now()
    scheduled.save()
    stale.save()
    assert last_change(alice)["deleted"] is True


def test_it_publishes_that_a_stale_instance_is_deleted(alice, charlie):
    scheduled = note(alice, scheduled_at=timezone.now() + HOUR)
    planned = draft(charlie)
    Notification.objects.update(published_at=timezone.now())
    Announcement.objects.update(published_at=timezone.now())
    number = str(planned.pk)
    scheduled.delete()
    planned.delete()
    assert last_change(alice)["deleted"] is True
    assert [event["data"]["id"] for event in announced()] == [number]


def test_it_publishes_nothing_of_a_row_that_is_gone_already(alice):
    created = note(alice)
    Notification.objects.get(pk=created.pk).delete()
    created.delete()
    assert types(told(alice)) == ["notification", "notification_updated"]


@pytest.mark.parametrize(
    ("before", "after"),
    [({"a": 1}, {"a": True}), ({"a": [0]}, {"a": [False]}), ({"a": 1}, {"a": 1.0})],
)
def test_it_publishes_metadata_that_only_changes_its_type(alice, before: Any, after: Any):
    created = note(alice, metadata=before)
    created.metadata = after
    created.save()
    state = last_change(alice)
    assert repr(state["notification"]["metadata"]) == repr(after)


@pytest.mark.parametrize("load", ["only", "defer"])
def test_it_publishes_what_a_partly_loaded_instance_changes(alice, load: str):
    created = note(alice)
    rows = Notification.objects.all()
    partly = rows.only("title") if load == "only" else rows.defer("status", "published_at")
    loaded = partly.get(pk=created.pk)
    loaded.save()
    loaded.move("read", timezone.now())
    loaded.save()
    assert types(told(alice)) == ["notification", "notification_updated"]
    taken_back = partly.get(pk=created.pk)
    taken_back.published_at = None
    taken_back.save()
    assert last_change(alice)["deleted"] is True


# -- while another transaction has the row


def meanwhile(first: Callable[[], object], second: Callable[[], object]) -> None:
    """Do the second while the first is not committed yet."""
    with threads() as call:
        with transaction.atomic():
            first()
            done = call(second)
            wait_for_a_waiter("the second to wait for the row")
        done.result(timeout=30)


@pytest.mark.django_db(transaction=True)
def test_it_publishes_what_a_save_overwrites_that_waited_for_another(alice):
    created = note(alice)
    stale = Notification.objects.get(pk=created.pk)
    created.title = "Newer"
    meanwhile(created.save, stale.save)
    assert Notification.objects.get().title == "Hello"
    assert last_change(alice)["notification"]["title"] == "Hello"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["instance", "queryset"])
def test_it_publishes_that_one_is_deleted_that_was_just_being_published(alice, how: str):
    due = overdue(alice)
    rows = Notification.objects.filter(title="Due")
    delete = due.delete if how == "instance" else rows.order_by("title").delete
    meanwhile(notifications_publish_due, delete)
    assert not Notification.objects.exists()
    assert last_change(alice)["deleted"] is True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["instance", "queryset"])
def test_it_announces_as_over_what_is_deleted_while_it_is_published(charlie, how: str):
    row = draft(charlie)
    rows = Announcement.objects.filter(title="Maintenance")

    def publish() -> None:
        announcement_publish(announcement_id=row.pk)

    meanwhile(publish, row.delete if how == "instance" else rows.delete)
    assert not Announcement.objects.exists()
    first, last = announced()
    assert first["data"]["id"] == last["data"]["id"]
    assert last["data"]["ends_at"] <= last["timestamp"]
