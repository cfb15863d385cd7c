"""Scheduled rows are published exactly once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from notifications import services
from notifications.models import Notification
from notifications.services import due
from tests.notifications.support import HOUR, announced, draft, note, overdue, titles, told
from tests.services.locks import threads


def overtake(run: Callable[[], int]) -> tuple[int, int]:
    """Call `run`, and before that commits, on a second node; return what each published.

    The first commits when the second is about to write, or is through without writing.
    """
    writing = threading.Event()

    def watch(execute: Any, sql: str, *args: Any) -> Any:
        if not sql.startswith("SELECT"):
            writing.set()
        return execute(sql, *args)

    def run_on_a_second_node() -> int:
        try:
            with connection.execute_wrapper(watch):
                return run()
        finally:
            writing.set()

    with threads() as call:
        with transaction.atomic():
            first = run()
            second = call(run_on_a_second_node)
            assert writing.wait(30)
        return first, second.result()


def test_it_publishes_when_the_time_has_come(alice):
    later = note(alice, "Later", scheduled_at=timezone.now() + HOUR)
    overdue(alice, "Now")
    assert services.notifications_publish_due() == 1
    assert services.notifications_publish_due() == 0
    assert titles(told(alice)) == ["Now"]
    later.refresh_from_db()
    assert later.published_at is None


def test_it_publishes_what_bulk_create_left_behind(alice):
    Notification.objects.bulk_create([Notification(user=alice, title="Bulk", message="Hi")])
    services.notifications_publish_due()
    assert titles(told(alice)) == ["Bulk"]


def test_a_broken_row_does_not_hold_up_others(alice, caplog):
    broken, sound = overdue(alice, "Broken"), overdue(alice, "Sound")
    Notification.objects.filter(pk=broken.pk).update(metadata=[])
    assert services.notifications_publish_due() == 1
    assert services.notifications_publish_due() == 0
    assert titles(told(alice)) == [sound.title]
    broken.refresh_from_db()
    assert (broken.status, broken.published_at) == ("archived", None)
    assert "metadata: must be an object" in caplog.text


def test_it_leaves_out_what_was_called_off_or_has_expired(alice):
    called_off, expired = overdue(alice), note(alice, scheduled_at=timezone.now() + HOUR)
    services.notification_archive(notification_id=called_off.pk)
    now = timezone.now()
    Notification.objects.filter(pk=expired.pk).update(
        scheduled_at=now - 2 * HOUR, expires_at=now - HOUR
    )
    assert services.notifications_publish_due() == 0
    assert told(alice) == []


@pytest.mark.django_db(transaction=True)
def test_it_publishes_once_with_two_nodes(alice, bob):
    for number in range(3):
        overdue(alice, f"A{number}")
        overdue(bob, f"B{number}")
    assert overtake(services.notifications_publish_due) == (6, 0)
    for user, letter in ((alice, "A"), (bob, "B")):
        assert sorted(titles(told(user))) == [f"{letter}{number}" for number in range(3)]


@pytest.mark.django_db(transaction=True)
def test_it_publishes_an_announcement_once_with_two_nodes(charlie):
    draft(charlie, starts_at=timezone.now() - HOUR)
    assert overtake(services.announcements_publish_due) == (1, 0)
    assert len(announced()) == 1


@pytest.mark.django_db
def test_a_failure_with_notifications_keeps_no_announcement_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail() -> int:
        raise RuntimeError("cannot be published")

    monkeypatch.setattr(due, "notifications_publish_due", fail)
    monkeypatch.setattr(due, "announcements_publish_due", lambda: 2)
    assert services.publish_due() == 2
    assert "cannot be published" in caplog.text
