"""Whoever saves a notification publishes it, with the row or not at all."""

from __future__ import annotations

import msgspec
import pytest
from django.db import DataError, transaction
from django.utils import timezone

from notifications.models import Notification
from notifications.payloads import notification_payload
from tests.notifications.support import HOUR, note, told, types


def test_it_publishes_a_plain_save(alice, bob):
    saved = Notification(user=alice, title="Hello", message="World", type="security")
    saved.save()
    [event] = told(alice)
    assert event["type"] == "notification"
    assert event["data"]["id"] == str(saved.pk)
    assert event["data"]["type"] == "security"
    assert told(bob) == []
    saved.refresh_from_db()
    assert saved.published_at is not None


def test_it_sends_on_the_wire_what_a_fresh_read_gives(alice):
    created = note(alice, metadata={"a": 1}, expires_at=timezone.now() + HOUR)
    payload = notification_payload(Notification.objects.get(pk=created.pk))
    data = told(alice)[0]["data"]
    assert msgspec.to_builtins(payload) == data
    assert "stored" not in data


def test_it_publishes_a_changed_status_once(alice):
    created = note(alice)
    loaded = Notification.objects.get(pk=created.pk)
    loaded.save()
    loaded.move("read", timezone.now())
    loaded.save()
    loaded.save()
    new, changed = told(alice)
    assert changed["type"] == "notification_updated"
    [state] = changed["data"]["notifications"]
    assert state["id"] == new["data"]["id"]
    assert state["status"] == "read"
    assert state["read_at"] is not None


def test_it_publishes_a_change_right_after_the_creation(alice):
    created = note(alice)
    created.seen_at = timezone.now()
    created.save()
    assert types(told(alice)) == ["notification", "notification_updated"]


def test_it_publishes_a_change_made_on_a_deferred_row(alice):
    created = note(alice)
    loaded = Notification.objects.only("title").get(pk=created.pk)
    loaded.seen_at = timezone.now()
    loaded.save(update_fields=["seen_at"])
    assert types(told(alice)) == ["notification", "notification_updated"]


def test_it_is_silent_when_the_changed_field_is_not_saved(alice):
    created = note(alice)
    created.move("read", timezone.now())
    created.save(update_fields=["title"])
    assert types(told(alice)) == ["notification"]
    created.save(update_fields=created.STATE_FIELDS)
    assert types(told(alice)) == ["notification", "notification_updated"]


def test_it_keeps_a_scheduled_one_to_itself(alice):
    scheduled = note(alice, scheduled_at=timezone.now() + HOUR)
    scheduled.seen_at = timezone.now()
    scheduled.save()
    assert told(alice) == []
    assert scheduled.published_at is None


def test_it_publishes_nothing_for_a_rolled_back_transaction(alice):
    with pytest.raises(LookupError), transaction.atomic():
        note(alice)
        raise LookupError
    assert told(alice) == []
    note(alice)
    assert [event["offset"] for event in told(alice)] == [1]


@pytest.mark.django_db(transaction=True)
def test_it_saves_no_row_whose_event_cannot_be_written(alice):
    broken = Notification(user=alice, title="Hello", message="World", metadata={"a": "\ud800"})
    with pytest.raises((UnicodeEncodeError, DataError)):
        broken.save()
    assert not Notification.objects.exists()
