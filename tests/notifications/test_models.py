"""Constraints of the database hold for every writer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import JSONField, Value
from django.db.models.functions import Concat
from django.utils import timezone

from notifications.models import Announcement, Notification
from realtime.errors import InvalidInput
from realtime.models import Event
from tests.notifications.support import HOUR, draft, note, told, types
from tests.tables import each


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "read"},
        {"status": "archived"},
        {"scheduled_at": timezone.now() + HOUR, "expires_at": timezone.now()},
    ],
)
def test_it_refuses_a_notification_that_contradicts_itself(alice, fields: dict[str, Any]):
    with pytest.raises(IntegrityError):
        Notification.objects.create(user=alice, title="Hello", message="World", **fields)


@pytest.mark.parametrize("field", ["status", "type", "priority"])
def test_it_refuses_an_unknown_word_even_from_an_update(alice, field: str):
    note(alice)
    with pytest.raises(IntegrityError):
        Notification.objects.update(**{field: "gossip"})


FAR_WEST = datetime.max.replace(tzinfo=timezone.get_fixed_timezone(-60))
BROKEN: dict[str, list[Any]] = {
    "status": ["gone"],
    "type": ["gossip"],
    "priority": [None],
    "title": ["", "\u200b \u3164", "x" * 201, "\ud800"],
    "message": ["x" * 1001, 7, "a\x00b"],
    "metadata": [[], "", "null", {"a": "\ud800"}, {"a": "\x00"}],
    "channels": [[], ["pigeon"]],
    "expires_at": ["2040-01-01T00:00:00Z", datetime(2040, 1, 1), FAR_WEST],  # no zone
}


@pytest.mark.parametrize(("field", "value"), each(BROKEN))
def test_it_saves_nothing_that_the_protocol_could_not_carry(alice, field: str, value: Any):
    broken = Notification(user=alice, **{"title": "Hello", "message": "World", field: value})
    with pytest.raises(InvalidInput) as refused:
        broken.save()
    assert refused.value.errors.keys() == {field}
    with pytest.raises(InvalidInput):
        Notification.objects.bulk_create([broken])
    assert not Notification.objects.exists()
    created = note(alice)
    setattr(created, field, value)
    with pytest.raises(InvalidInput):
        created.save()
    with pytest.raises(InvalidInput):
        Notification.objects.bulk_update([created], [field, "updated_at"])
    assert types(told(alice)) == ["notification"]


COMPUTED: dict[str, list[Any]] = {
    "title": [Value(""), Concat(Value(" "), Value("\n"))],
    "message": [Value("\x01"), Concat("message", Value("x" * 1000))],
    "metadata": [Value([], JSONField()), Value("text", JSONField())],
    "channels": [Value([], JSONField()), Value(["pigeon"], JSONField())],
}


@pytest.mark.parametrize(("field", "expression"), each(COMPUTED))
def test_it_saves_nothing_broken_that_the_database_computes(alice, field: str, expression: Any):
    row = note(alice)
    events = Event.objects.count()
    setattr(row, field, expression)
    for fields in (None, [field]):
        with pytest.raises(InvalidInput, match=field):
            row.save(update_fields=fields)
    with pytest.raises(InvalidInput, match=field):
        Notification.objects.bulk_update([row], [field])
    new = {"user": alice, "title": "Hello", "message": Value("World"), field: expression}
    if not isinstance(expression, Concat):  # which may name a column
        with pytest.raises(InvalidInput):
            Notification.objects.create(**new)
    with pytest.raises(InvalidInput):
        Notification.objects.bulk_create([Notification(**new)])
    assert Notification.objects.get().title == "Hello"
    assert Event.objects.count() == events


def test_it_saves_no_announcement_broken_that_the_database_computes(charlie):
    row = Announcement.objects.create(author=charlie, title="Hello", message="World")
    row.title = Value("")
    with pytest.raises(InvalidInput, match="title"):
        row.save()
    row.title = Concat(Value("Hel"), Value("lo!"))
    row.save()
    assert Announcement.objects.get().title == "Hello!"


def test_it_saves_the_state_of_an_old_row_that_is_broken(alice):
    created = note(alice)
    Notification.objects.update(metadata=[])
    loaded = Notification.objects.get(pk=created.pk)
    loaded.seen_at = timezone.now()
    loaded.save()
    assert types(told(alice)) == ["notification", "notification_updated"]


def test_it_takes_none_for_no_metadata_and_one_form_of_a_line_end(alice):
    saved = Notification(user=alice, title=" Hello ", message="a\r\nb", metadata=None)
    saved.save()
    [event] = told(alice)
    assert (event["data"]["title"], event["data"]["message"]) == ("Hello", "a\nb")
    assert event["data"]["metadata"] == {}


@pytest.mark.parametrize(
    "fields", [{"title": ""}, {"message": "x" * 5001}, {"severity": "grave"}, {"ends_at": "soon"}]
)
def test_it_saves_no_announcement_that_the_protocol_could_not_carry(charlie, fields):
    with pytest.raises(InvalidInput):
        draft(charlie, **fields)


def test_it_refuses_an_announcement_that_ends_before_it_starts(charlie):
    now = timezone.now()
    with pytest.raises(IntegrityError):
        draft(charlie, starts_at=now, ends_at=now - HOUR)
