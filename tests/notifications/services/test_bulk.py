"""Many notifications at once: few events, no gaps."""

from __future__ import annotations

import json

import pytest

from notifications import selectors, services
from notifications.models import Notification
from realtime.errors import InvalidInput
from tests.notifications.support import note, overdue, told, types


def test_it_answers_for_each_id_and_publishes_one_event(alice, bob):
    mine = [note(alice), note(alice)]
    others, hidden = note(bob), overdue(alice)
    ids: list[int | str] = [mine[0].pk, others.pk, str(mine[1].pk), "abc", 10**30, hidden.pk]
    outcome = services.notifications_bulk_update(user_id=alice.pk, ids=ids, status="read")
    assert list(outcome) == [str(id) for id in ids]
    assert list(outcome.values()) == ["updated", "not_found", "updated", *["not_found"] * 3]
    event = told(alice)[-1]
    assert types(told(alice)) == ["notification", "notification", "notification_updated"]
    assert [state["status"] for state in event["data"]["notifications"]] == ["read", "read"]
    assert types(told(bob)) == ["notification"]
    for row in mine:
        row.refresh_from_db()
        assert row.read_at is not None


def test_it_publishes_nothing_when_nothing_changes(alice):
    created = note(alice)
    for _ in range(2):
        services.notifications_bulk_update(user_id=alice.pk, ids=[created.pk], status="archived")
    assert types(told(alice)) == ["notification", "notification_updated"]


@pytest.mark.parametrize("ids", [[], list(range(1, 102)), [7, "7"]])
def test_it_refuses_none_too_many_and_repeated_ids(alice, ids: list[int | str]):
    with pytest.raises(InvalidInput):
        services.notifications_bulk_update(user_id=alice.pk, ids=ids, status="read")


def test_it_marks_all_read_in_events_of_a_hundred(alice, bob, django_assert_max_num_queries):
    Notification.objects.bulk_create(
        Notification(user=alice, title="Hello", message="World") for _ in range(120)
    )
    services.notifications_publish_due()
    note(bob)
    with django_assert_max_num_queries(12):
        assert services.notifications_mark_all_read(user_id=alice.pk) == 120
    updates = [e for e in told(alice) if e["type"] == "notification_updated"]
    assert [len(update["data"]["notifications"]) for update in updates] == [100, 20]
    assert services.notifications_mark_all_read(user_id=alice.pk) == 0
    counts = selectors.notification_counts([alice.pk, bob.pk])
    assert (counts[alice.pk].unread, counts[alice.pk].unseen) == (0, 0)
    assert counts[bob.pk].unread == 1


def test_it_marks_all_seen_and_leaves_them_unread(alice):
    note(alice)
    note(alice)
    assert services.notifications_mark_all_seen(user_id=alice.pk) == 2
    assert services.notifications_mark_all_seen(user_id=alice.pk) == 0
    counts = selectors.notification_counts([alice.pk])[alice.pk]
    assert (counts.unread, counts.unseen) == (2, 0)
    assert types(told(alice)).count("notification_updated") == 1


def test_notifications_unread_again_are_sent_whole_in_small_events(alice):
    rows = [
        note(alice, f"Title {number}", metadata={"text": "x" * 3000}, type="system")
        for number in range(40)
    ]
    ids = [row.pk for row in rows]
    services.notifications_bulk_update(user_id=alice.pk, ids=ids, status="archived")
    before = len(told(alice))
    services.notifications_bulk_update(user_id=alice.pk, ids=ids, status="unread")
    events = told(alice)[before:]
    assert all(len(json.dumps(event)) < 64 * 1024 for event in events)
    states = [state for event in events for state in event["data"]["notifications"]]
    assert [state["notification"]["title"] for state in states] == [row.title for row in rows]
    services.notifications_mark_all_seen(user_id=alice.pk)
    assert told(alice)[-1]["data"]["notifications"][0]["notification"] is None
