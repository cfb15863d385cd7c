"""What becomes of ladders that are due."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from notifications.delivery.claim import claim
from notifications.delivery.judge import judge_due
from notifications.models import Delivery, Notification, Preference
from notifications.services import notification_mark_seen
from realtime import clock
from realtime.outgoing import pacing
from tests.notifications.delivery import support
from tests.notifications.delivery.support import MINUTE, NUMBER, committed, deliveries

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(amina, outside):
    return support.address(amina, "sms", NUMBER)


def test_the_next_rung_fires_at_once_where_nobody_can_be_reached_by_the_first(amina, phone):
    row = committed(amina, "transaction.failed", ago=timedelta(seconds=11))
    assert judge_due() == 1
    assert deliveries(row, "push", "sms") == [
        ("push", "skipped", "no_address"), ("sms", "queued", ""),
    ]  # fmt: skip
    sms = Delivery.objects.get(channel="sms")
    assert (sms.decided_by, sms.rung, sms.address_id) == ("due", 1, phone.pk)
    row.refresh_from_db()
    assert (row.reason, row.closed_at is not None) == ("exhausted", True)
    assert judge_due() == 0


def test_a_phone_that_has_it_ends_the_ladder_with_the_evidence(amina, phone):
    row = committed(amina, "transaction.debit", ago=4 * MINUTE)
    support.acked(amina, row)
    judge_due()
    row.refresh_from_db()
    assert ("sms", "queued", "") not in deliveries(row)
    found: Any = row.evidence
    assert (row.reason, found["how"], found["device"]) == (
        "reached", "acked", "her phone",
    )  # fmt: skip


@pytest.mark.parametrize(
    "gone",
    [
        {"device_class": "desktop"},  # a hidden tab on a desk at home acknowledges too
        {"device": "svc-mirror"},
        {"epoch": "before the restore"},
        {"acked": 0},
    ],
)
@pytest.mark.reported(number=11)
def test_what_no_person_has_does_not_count(amina, phone, gone):
    row = committed(amina, "transaction.failed", ago=6 * MINUTE)
    support.acked(amina, row, **gone)
    judge_due()
    assert deliveries(row, "sms")[-1] == ("sms", "queued", "")


def test_seen_in_the_app_ends_it_in_few_queries(amina, phone, django_assert_max_num_queries):
    rows = [committed(amina, "transaction.failed", ago=6 * MINUTE) for _ in range(20)]
    for row in rows:
        notification_mark_seen(notification_id=row.pk)
    with django_assert_max_num_queries(9):
        assert judge_due() == 20
    for row in rows:
        row.refresh_from_db()
        assert row.reason == "reached"
    assert not Delivery.objects.exists()


@pytest.mark.reported(number=13)
def test_the_newest_choice_counts(amina, phone):
    row = committed(amina, "transaction.failed", ago=6 * MINUTE)
    Preference.objects.create(
        user=amina,
        version=3,
        cells={"category:transaction": {"sms": False}},
        updated_at=clock.now(),
    )
    judge_due()
    assert deliveries(row, "sms")[-1] == ("sms", "skipped", "switched_off")
    assert Delivery.objects.filter(channel="sms").get().preference_version == 3


def test_a_required_rung_asks_no_choice(amina, phone):
    row = committed(amina, "security.pin_changed")
    Preference.objects.create(
        user=amina,
        version=1,
        cells={"all": {"sms": False}},
        muted_until=timezone.now() + support.HOUR,
        updated_at=clock.now(),
    )
    judge_due()
    assert ("sms", "queued", "") in deliveries(row)
    assert Delivery.objects.get(channel="sms").required


def test_it_waits_for_its_next_rung(amina, phone):
    support.address(amina, "push", "https://push.example/1", service="web")
    row = committed(amina, "transaction.failed", ago=timedelta(seconds=11))
    judge_due()
    assert deliveries(row, "push", "sms") == [("push", "queued", "")]
    row.refresh_from_db()
    assert row.closed_at is None and row.rung == 1
    assert row.due_at == row.committed_at + 5 * MINUTE


def test_the_times_are_divided(amina, phone, settings):
    settings.ESCALATION_TIME_SCALE = 10
    support.address(amina, "push", "https://push.example/1", service="web")
    row = committed(amina, "transaction.failed", ago=timedelta(seconds=2))
    judge_due()
    row.refresh_from_db()
    assert row.due_at == row.committed_at + 5 * MINUTE / 10


def test_a_channel_that_staff_have_stopped_is_passed_over(amina, phone):
    row = committed(amina, "transaction.failed", ago=6 * MINUTE)
    pacing.stop("channel:sms", by="staff", why="costs")
    judge_due()
    assert deliveries(row, "sms")[-1] == ("sms", "skipped", "channel_off")


def test_what_is_required_and_not_possible_raises_an_alarm(amina, phone, caplog):
    committed(amina, "security.pin_changed")
    pacing.stop("channel:sms", by="staff", why="costs")
    judge_due()
    found = {(each.levelname, each.getMessage().partition(": ")[2]) for each in caplog.records}
    assert (
        "ERROR", "sms is required for security.pin_changed, and not possible: channel_off",
    ) in found  # fmt: skip
    assert any(level == "WARNING" and "push is required" in text for level, text in found)
    assert not any(NUMBER in text for _, text in found)


def quiet(user: User, start: datetime, end: datetime) -> None:
    window = {"days": 127, "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
    Preference.objects.update_or_create(
        user=user, defaults={"zone": "UTC", "quiet": [window], "updated_at": clock.now()}
    )


@pytest.mark.reported(number=3)
def test_what_the_night_held_back_goes_once_afterwards_the_oldest_first(amina, phone):
    rows = [committed(amina, "transaction.debit", ago=number * MINUTE) for number in (6, 5, 4)]
    now = timezone.now()
    end = (now + support.HOUR).replace(second=0, microsecond=0)
    quiet(amina, now - support.HOUR, end)
    judge_due()
    assert judge_due() == 0 and claim("sms", 10, "worker") == []
    for row in rows:
        row.refresh_from_db()
        assert (row.closed_at, row.due_at) == (None, end)
    # The night is over, and all that is known of it is in the database.
    quiet(amina, now - 2 * support.HOUR, now - MINUTE)
    type(rows[0]).objects.update(due_at=clock.now() - support.MOMENT)
    assert judge_due() == 3
    went = [one.row.notification_id for one in claim("sms", 10, "another worker")]
    assert went == [row.pk for row in rows]
    assert judge_due() == 0 and claim("sms", 10, "worker") == []


@pytest.mark.reported(number=26)
@pytest.mark.parametrize("days", [1, -1])
def test_a_node_whose_clock_is_a_day_wrong_judges_at_the_right_time(
    amina, phone, wrong_clock, days
):
    now = committed(amina, "transaction.failed", ago=6 * MINUTE)
    later = committed(amina, "transaction.failed", due_at=clock.now() + MINUTE)
    wrong_clock(timedelta(days=days))
    assert judge_due() == 1
    assert (deliveries(now, "sms"), deliveries(later)) == ([("sms", "queued", "")], [])
    assert len(claim("sms", 10, "worker")) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cancelled_at": timezone.now()}, "cancelled"),
        ({"expires_at": timezone.now() - MINUTE}, "expired"),
    ],
)
@pytest.mark.reported(number=25)
def test_what_is_over_goes_nowhere(amina, phone, change, reason):
    row = committed(amina, "security.pin_changed")
    Notification.objects.filter(pk=row.pk).update(**change)
    judge_due()
    row.refresh_from_db()
    assert (deliveries(row), row.reason) == ([], reason)


def test_a_kind_that_nobody_declares_closes(amina, phone):
    row = committed(amina, "system.general")
    type(row).objects.update(kind="gone.kind")
    assert judge_due() == 1
    row.refresh_from_db()
    assert row.reason == "unknown_kind"


def test_judging_again_adds_nothing(amina, phone):
    row = committed(amina, "security.pin_changed")
    judge_due()
    before = deliveries(row)
    type(row).objects.update(closed_at=None, due_at=clock.now() - support.MOMENT)
    judge_due()
    assert deliveries(row) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.reported(number=20)
def test_many_workers_judge_each_ladder_once(outside):
    users = [User.objects.create_user(f"user {n}") for n in range(30)]
    for user in users:
        support.address(user, "sms", f"+2567720{user.pk:05}")
        committed(user, "transaction.failed", ago=6 * MINUTE)
    judged: list[int] = []

    def work() -> None:
        while done := judge_due(limit=4):
            judged.append(done)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while done := judge_due():  # what others had locked at that moment
        judged.append(done)
    assert sum(judged) == len(users)
    assert Delivery.objects.filter(channel="sms", state="queued").count() == len(users)
