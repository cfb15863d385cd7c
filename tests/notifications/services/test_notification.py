"""Create, read, see, archive and resend one notification."""

from __future__ import annotations

import json
import math
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from notifications import services
from notifications.models import Notification
from realtime import clock
from realtime.errors import InvalidInput, NotFound
from tests.notifications.support import HOUR, note, told, types
from tests.tables import each


def test_the_row_and_the_event_have_the_numbers_that_were_given(alice):
    numbers = [2**53 - 1, 1 - 2**53, 0.1, -1e-300, 5e-324, 1e15, 0, True, 123.0]
    created = note(alice, metadata={"numbers": numbers})
    created.refresh_from_db()
    assert list(map(repr, created.metadata["numbers"])) == list(map(repr, numbers))
    assert told(alice)[0]["data"]["metadata"] == {"numbers": numbers}
    created.title = "Another"
    created.save()


def test_it_keeps_exact_amounts_in_metadata(alice):
    created = note(alice, metadata={"amount": Decimal("10.50")})
    created.refresh_from_db()
    assert created.metadata == {"amount": "10.50"}
    assert told(alice)[0]["data"]["metadata"] == {"amount": "10.50"}


TOO_LARGE = (2**53, 2**53 + 1, 10**400, float(2**53), 1e22, math.inf, math.nan)
WRONG: dict[str, list[Any]] = {
    "title": ["", "  ", "\u200b\u2060", "x" * 201, "nul \x00", "surrogate \ud800"],
    "message": ["\u202e", "x" * 1001],
    "type": ["gossip"],
    "priority": ["extreme"],
    "channels": [[], "email", ["pigeon"]],
    "metadata": [
        *({"text": text} for text in ("x" * 9000, "nul \x00", "surrogate \ud800")),
        *({"deep": [{"number": sign * number}]} for number in TOO_LARGE for sign in (1, -1)),
        {"object": object()},
        json.loads('{"deep":' + "[" * 30 + "]" * 30 + "}"),
    ],
    "scheduled_at": [datetime(2040, 1, 1)],
    "expires_at": [timezone.now() - HOUR],
    "user_id": [999_999],
}


@pytest.mark.parametrize(("field", "value"), each(WRONG))
def test_it_refuses_and_names_the_field(alice, field: str, value: Any):
    fields: dict[str, Any] = {"user_id": alice.pk, "title": "Hello", "message": "World"}
    with pytest.raises(InvalidInput) as refused:
        services.notification_create(**{**fields, field: value})
    assert refused.value.errors.keys() == {field}
    assert not Notification.objects.exists()


def test_it_refuses_to_expire_before_it_appears(alice):
    now = timezone.now()
    with pytest.raises(InvalidInput, match="expires_at: must be later than scheduled_at"):
        note(alice, scheduled_at=now + 2 * HOUR, expires_at=now + HOUR)


@pytest.mark.reported(number=25)
def test_one_whose_time_is_past_appears_at_once(alice):
    row = note(alice, type="payment", scheduled_at=timezone.now() - HOUR)
    assert row.published_at is not None
    assert types(told(alice)) == ["notification"]
    assert row.escalation.due_at <= clock.now()


@pytest.mark.parametrize("service", ["mark_read", "mark_seen", "archive"])
def test_it_publishes_a_change_once(alice, service: str):
    created = note(alice)
    for _ in range(2):
        getattr(services, f"notification_{service}")(notification_id=created.pk, user_id=alice.pk)
    assert types(told(alice)) == ["notification", "notification_updated"]


def test_it_sees_what_it_reads(alice):
    created = note(alice)
    read = services.notification_mark_read(notification_id=created.pk)
    assert read.read_at == read.seen_at is not None


def test_it_leaves_an_archived_one_in_the_archive_when_read(alice):
    created = note(alice)
    services.notification_archive(notification_id=created.pk)
    read = services.notification_mark_read(notification_id=created.pk)
    assert (read.status, read.read_at is not None) == ("archived", True)


def test_it_takes_one_out_of_the_archive_when_told_its_status(alice):
    created = note(alice)
    services.notification_archive(notification_id=created.pk)
    moved = services.notification_set_status(notification_id=created.pk, status="unread")
    assert (moved.status, moved.archived_at, moved.read_at) == ("unread", None, None)


def test_it_does_not_touch_the_notification_of_another_user(alice, bob):
    created = note(alice)
    with pytest.raises(NotFound):
        services.notification_mark_read(notification_id=created.pk, user_id=bob.pk)
    created.refresh_from_db()
    assert created.status == "unread"


def test_it_resends_as_often_as_asked_what_is_out(alice):
    created, scheduled = note(alice), note(alice, scheduled_at=timezone.now() + HOUR)
    for _ in range(2):
        assert services.notifications_resend(ids=[created.pk, scheduled.pk]) == 1
    assert [event["data"]["id"] for event in told(alice)] == [str(created.pk)] * 3


def test_metadata_may_speak_of_nul_without_holding_one(alice):
    created = note(alice, metadata={"text": "\\u0000"})
    created.refresh_from_db()
    assert created.metadata == {"text": "\\u0000"}


@pytest.mark.reported(number=26)
def test_a_node_with_a_wrong_clock_publishes_at_the_right_time(alice, wrong_clock):
    start = clock.now()
    wrong_clock(HOUR)
    assert note(alice, scheduled_at=start + HOUR / 2).published_at is None
    wrong_clock(-HOUR)
    published = note(alice, scheduled_at=start - HOUR / 2).published_at
    assert published is not None and published >= start
    assert len(told(alice)) == 1
