"""Saving a notification publishes it: both happen, or neither."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Concat
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.utils import timezone

from notifications.models import Announcement, Notification
from notifications.payloads import notification_payload
from realtime.errors import InvalidInput
from realtime.models import Event
from realtime.streams import user_stream
from tests.notifications.support import (
    HOUR,
    announced,
    draft,
    events,
    last_change,
    note,
    titles,
    told,
    types,
)

PUBLISHING = 1 if connection.vendor == "postgresql" else 2  # queries of an event


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


@pytest.mark.parametrize("deferred", [False, True])
def test_it_publishes_a_change_of_a_new_or_deferred_row(alice, deferred: bool):
    row = note(alice)
    if deferred:
        row = Notification.objects.only("title").get(pk=row.pk)
    row.seen_at = timezone.now()
    row.save(update_fields=["seen_at"] if deferred else None)
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
def test_a_row_is_not_saved_when_its_event_cannot_be_written(alice):
    broken = Notification(user=alice, title="Hello", message="World", metadata={"a": "\ud800"})
    with pytest.raises(InvalidInput):
        broken.save()
    assert not Notification.objects.exists()


CONTENT: dict[str, Any] = {
    **{"title": "Changed", "message": "Changed", "type": "security", "priority": "urgent"},
    **{"metadata": {"a": 1}, "channels": ["in_app", "push"]},
    "expires_at": timezone.now() + HOUR,
}


@pytest.mark.parametrize("field", CONTENT)
def test_it_tells_changed_content_whole_and_once(alice, field: str):
    created = note(alice)
    loaded = Notification.objects.get(pk=created.pk)
    setattr(loaded, field, CONTENT[field])
    loaded.save()
    loaded.save()
    assert types(told(alice)) == ["notification", "notification_updated"]
    state = last_change(alice)
    fresh = notification_payload(Notification.objects.get(pk=created.pk))
    assert state["notification"] == msgspec.to_builtins(fresh)
    assert "deleted" not in state


def test_it_tells_of_metadata_that_was_changed_in_place(alice):
    created = note(alice, metadata={"a": {"b": 1}})
    created.metadata["a"]["b"] = 2
    created.save()
    assert types(told(alice)) == ["notification", "notification_updated"]


@pytest.mark.parametrize("stored", ["Hello", "Newer"])
def test_it_tells_the_stored_row_and_not_unsaved_or_stale_fields(alice, stored: str):
    row = note(alice)
    Notification.objects.filter(pk=row.pk).update(title=stored)
    row.title, row.message = "Not saved" if stored == "Hello" else "Hello", "Saved"
    row.save(update_fields=["message"])
    whole = last_change(alice)["notification"]
    assert (whole["title"], whole["message"]) == (stored, "Saved")


def test_it_reads_the_row_once_to_tell_of_a_change(alice, django_assert_num_queries):
    created = note(alice)
    created.move("read", timezone.now())
    with django_assert_num_queries(2 + PUBLISHING):  # the stored row, the update, the event
        created.save(update_fields=created.STATE_FIELDS)


def test_it_tells_what_the_database_computed(alice):
    created = note(alice)
    created.title = Concat("title", Value("!"))
    created.save()
    assert last_change(alice)["notification"]["title"] == "Hello!"


def test_it_tells_that_one_is_gone(alice):
    created, hidden = note(alice), note(alice, scheduled_at=timezone.now() + HOUR)
    Notification.objects.only("title").get(pk=created.pk).delete()
    hidden.delete()
    assert types(told(alice)) == ["notification", "notification_updated"]
    state = last_change(alice)
    assert (state["id"], state["status"], state["deleted"]) == (str(created.pk), "archived", True)


def test_it_tells_each_user_once_what_a_queryset_deleted(alice, bob):
    ids = {str(note(alice).pk), str(note(alice).pk)}
    note(bob)
    note(alice, scheduled_at=timezone.now() + HOUR)
    with pytest.raises(LookupError), transaction.atomic():
        Notification.objects.all().delete()
        raise LookupError
    alice.notifications.filter(title="Hello").delete()
    Notification.objects.filter(user=bob).delete()
    assert {state["id"] for state in told(alice)[-1]["data"]["notifications"]} == ids
    assert types(told(bob)) == ["notification", "notification_updated"]
    assert not Notification.objects.exists()


def test_deleting_a_user_publishes_no_notification_events(alice, bob):
    note(alice)
    note(bob)
    alice_stream = user_stream(alice.pk)
    alice.delete()
    User.objects.filter(pk=bob.pk).delete()
    assert not Notification.objects.exists()
    found = [event["type"] for event in events(alice_stream)]
    assert found == ["notification", "access_changed"]


def test_it_deletes_those_of_a_user_without_reading_them(alice):
    note(alice)
    with CaptureQueriesContext(connection) as queries:
        alice.delete()
    table = Notification._meta.db_table
    [only] = [query["sql"] for query in queries if table in query["sql"]]
    assert only.startswith("DELETE")


def test_it_reads_what_a_queryset_deletes_once(alice, django_assert_num_queries):
    for _ in range(3):
        note(alice)
    # The locked rows, their ladders, deliveries and digests, the event, the deletion.
    with django_assert_num_queries(6 + PUBLISHING):
        Notification.objects.all().delete()


def test_no_other_model_is_slower_to_save_or_delete():
    for model in (Announcement, Notification, Event, Group):
        assert not pre_save.has_listeners(model)
        assert not post_save.has_listeners(model)
    assert not pre_delete.has_listeners(Notification)
    assert not post_delete.has_listeners(Notification)


def test_it_moves_one_from_one_user_to_another(alice, bob):
    created = note(alice)
    created.user = bob
    created.save(update_fields=["user"])
    assert last_change(alice)["deleted"] is True
    assert types(told(bob)) == ["notification"]


def test_it_tells_of_one_that_is_published_or_taken_back_by_hand(alice):
    scheduled = note(alice, scheduled_at=timezone.now() + HOUR)
    scheduled.published_at = timezone.now()
    scheduled.save()
    scheduled.published_at = None
    scheduled.save()
    assert types(told(alice)) == ["notification", "notification_updated"]
    assert last_change(alice)["deleted"] is True


def test_it_announces_what_is_changed_on_what_everybody_was_told(charlie):
    written = draft(charlie)
    written.title = "Edited draft"
    written.save()
    assert announced() == []
    written.published_at = timezone.now()
    written.save()
    assert Announcement.objects.get().event_offset == 1
    written.title = "Edited"
    written.save()
    written.save()
    assert titles(announced()) == ["Edited draft", "Edited"]
    assert Announcement.objects.get().event_offset == 1


@pytest.mark.parametrize("savepoint", [False, True])
@pytest.mark.django_db(transaction=True)
def test_an_announcement_keeps_no_offset_of_an_event_that_was_rolled_back(charlie, savepoint: bool):
    draft(charlie, published_at=timezone.now())
    written = draft(charlie)
    with transaction.atomic() if savepoint else nullcontext():
        with pytest.raises(LookupError), transaction.atomic():
            written.published_at = timezone.now()
            written.save()
            raise LookupError
        assert written.event_offset is None
        written.published_at = None
        written.save()
    assert Announcement.objects.get(pk=written.pk).event_offset is None
    written.published_at = timezone.now()
    written.save()
    assert Announcement.objects.get(pk=written.pk).event_offset == 2


@pytest.mark.parametrize("how", ["delete", "queryset", "take back"])
def test_it_announces_as_over_what_is_withdrawn(charlie, how: str):
    later = timezone.now() + HOUR
    live = draft(charlie, published_at=timezone.now(), ends_at=later)
    draft(charlie)
    if how == "delete":
        live.delete()
    elif how == "queryset":
        Announcement.objects.all().delete()
    else:
        live.published_at = None
        live.save()
    first, last = announced()
    assert first["data"]["id"] == last["data"]["id"]
    assert last["data"]["ends_at"] <= last["timestamp"] < first["data"]["ends_at"]


@isolate_apps("notifications")
def test_it_tells_what_a_proxy_saves_and_deletes(alice):
    class Letter(Notification):
        class Meta:
            app_label = "notifications"
            proxy = True

    letter = Letter.objects.create(user=alice, title="Hello", message="World")
    letter.title = "Changed"
    letter.save()
    letter.delete()
    assert types(told(alice)) == ["notification", "notification_updated", "notification_updated"]
    [changed] = told(alice)[1]["data"]["notifications"]
    assert changed["notification"]["title"] == "Changed"
    assert last_change(alice)["deleted"] is True


def test_it_tells_a_change_as_one_when_a_receiver_saves_the_row_too(alice):
    created = note(alice)

    def raise_priority(instance: Notification, **kwargs: Any) -> None:
        if instance.priority != "high":
            instance.priority = "high"
            instance.save(update_fields=["priority"])

    pre_save.connect(raise_priority, sender=Notification)
    try:
        created.title = "Changed"
        created.save()
    finally:
        pre_save.disconnect(raise_priority, sender=Notification)
    new, *changes = told(alice)
    assert types(changes) == ["notification_updated", "notification_updated"]
    last = last_change(alice)["notification"]
    assert (last["id"], last["title"], last["priority"]) == (str(created.pk), "Changed", "high")
    assert new["data"]["id"] == last["id"]
