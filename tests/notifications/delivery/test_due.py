"""What a worker asks while it is idle."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from notifications.delivery import due
from notifications.delivery.worker import Worker
from notifications.models import Announcement, Delivery, Digest, Escalation, Fallback
from realtime import clock
from tests.notifications.delivery import support
from tests.notifications.delivery.support import HOUR, MINUTE, MOMENT, NUMBER, committed
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


def test_an_idle_worker_asks_one_query_for_each_part_of_its_work(
    outside, django_assert_num_queries
):
    worker = Worker(["push", "sms"])
    with django_assert_num_queries(1):
        assert worker._judge() == 0
    for lane in worker._lanes:
        with django_assert_num_queries(1):
            assert lane.step() == 0
        lane.close()


def test_the_judge_hears_of_all_that_it_does(amina):
    now = clock.now()
    assert due.of_judge() == (due.LONGEST_WAIT_SECONDS, False, False, False)
    row = committed(amina, "system.general")
    assert due.of_judge().ladders_in <= 0
    Escalation.objects.update(due_at=now + MINUTE)
    assert 0 < due.of_judge().ladders_in <= 60
    Escalation.objects.update(closed_at=now)
    Digest.objects.create(
        user=amina, category="system", channel="push", due_at=now - MOMENT, created_at=now
    )
    to = support.address(amina, "sms", NUMBER)
    support.delivery(row.notification, to, state="sending", lease_until=now - MOMENT)
    assert due.of_judge() == (due.LONGEST_WAIT_SECONDS, True, False, True)


def test_a_lane_hears_of_its_channel_only(amina):
    to = support.address(amina, "sms", NUMBER)
    support.delivery(note(amina), to)
    assert (due.of_lane("sms"), due.of_lane("push")) == ((False, True), (False, False))
    Delivery.objects.update(state="unknown")
    assert due.of_lane("sms") == (True, False)
    Delivery.objects.update(not_before=clock.now() + HOUR)
    assert due.of_lane("sms") == (False, False)


def test_a_fallback_is_heard_of(amina: User):
    now = clock.now()
    row = Announcement.objects.create(title="Outage", message="x", author=amina)
    Fallback.objects.create(
        announcement=row, requested_by=amina, due_at=now - MOMENT, requested_at=now, approved_at=now
    )
    assert due.of_judge().fallbacks
