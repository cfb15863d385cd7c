"""A worker that runs: it delivers without being asked, and ends when it is told to."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection

from notifications.delivery import worker as delivering
from notifications.delivery.readings import ROLES
from notifications.delivery.worker import Worker
from notifications.models import Delivery, Digest
from realtime import clock
from realtime.outgoing import heartbeat
from tests.notifications.delivery import support
from tests.notifications.delivery.support import MINUTE, NUMBER, committed
from tests.stored import just_over

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def running(outside):
    """A worker on threads of its own, as `manage.py deliver` has it."""
    worker = Worker()
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield worker
    worker.stop()
    thread.join(20)
    assert not thread.is_alive()


def wait_until(found, seconds=15.0):
    give_up_at = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def test_it_judges_sends_and_says_that_it_runs(outside, running):
    user = User.objects.create_user("amina")
    support.address(user, "sms", NUMBER)
    committed(user, "transaction.failed", ago=6 * MINUTE)
    wait_until(lambda: Delivery.objects.filter(channel="sms", state="accepted").exists())
    assert [taken["to"] for taken in outside.africastalking.ledger] == [NUMBER]
    wait_until(lambda: not heartbeat.silent(ROLES, clock.now()))


def test_nothing_waits_for_the_poll(outside, monkeypatch):
    monkeypatch.setattr(Worker, "poll_seconds", 60.0)
    user = User.objects.create_user("amina")
    support.address(user, "sms", NUMBER)
    row = committed(user, "transaction.failed", ago=6 * MINUTE)
    soon = clock.now() + timedelta(seconds=0.5)
    type(row).objects.update(due_at=soon)  # and no earlier
    running = Worker()
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        wait_until(lambda: Delivery.objects.filter(channel="sms", state="accepted").exists())
    finally:
        running.stop()
        thread.join(20)
    assert Delivery.objects.get(channel="sms").created_at >= soon


def test_a_hint_lets_the_judge_look_at_once(outside, monkeypatch):
    monkeypatch.setattr(Worker, "poll_seconds", 60.0)
    running = Worker()
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        wait_until(lambda: not heartbeat.silent(ROLES, clock.now()))
        user = User.objects.create_user("amina")
        support.address(user, "sms", NUMBER)
        committed(user, "transaction.failed", ago=6 * MINUTE)
        running._due.set()  # as the layer's listener does
        wait_until(lambda: Delivery.objects.filter(channel="sms", state="accepted").exists())
    finally:
        running.stop()
        thread.join(20)


def test_a_call_that_is_under_way_at_the_end_is_finished(outside, running):
    user = User.objects.create_user("amina")
    to = support.address(user, "sms", NUMBER)
    outside.africastalking.then("hang")
    row = support.delivery(committed(user, "system.general").notification, to, rung=9)
    wait_until(lambda: outside.africastalking.asked)
    running.stop()
    outside.africastalking._released.set()
    wait_until(lambda: Delivery.objects.get(pk=row.pk).state == "unknown")
    assert connection.vendor  # the worker's threads have closed theirs


def test_a_judge_that_comes_too_late_leaves_ladders_to_others_for_a_moment(monkeypatch):
    monkeypatch.setattr("random.uniform", lambda least, most: most)
    monkeypatch.setattr(delivering, "LEFT_SECONDS", 30.0)  # a busy machine may rest for a moment
    worker = Worker([])
    waited: list[float] = []
    monkeypatch.setattr(worker._due, "wait", waited.append)
    row = committed(User.objects.create_user("amina"), "transaction.failed", ago=6 * MINUTE)
    type(row).objects.update(due_at=clock.now() + MINUTE)
    for _ in range(2):
        worker._ladders_in = 0.0  # another worker is about to judge it
        worker._wait_for_ladders(5.0)
        worker._judge()
    type(row).objects.update(due_at=clock.now())
    assert worker._judge() == 0
    worker._wait_for_ladders(60.0)
    type(row).objects.update(due_at=clock.now() - timedelta(seconds=30))
    assert worker._judge() == 1
    worker._wait_for_ladders(5.0)
    worker._judge()
    worker._wait_for_ladders(5.0)  # nothing is due
    first, second, left, *others = waited
    assert (first, second, others) == (0.25, 0.25, [0.25, 5.0])
    assert 0.25 <= left <= 30.25  # and not when it would have looked without a ladder


def test_digests_make_no_judge_late(monkeypatch):
    worker = Worker([])
    monkeypatch.setattr(worker._due, "wait", lambda seconds: None)
    amina = User.objects.create_user("amina")
    for _ in range(2):
        past = just_over()
        for category in ("payment", "security", "system"):
            Digest.objects.create(
                user=amina, category=category, channel="push", due_at=past, created_at=past
            )
        worker._ladders_in = 0.0  # another worker judges it
        worker._wait_for_ladders(5.0)
        assert worker._judge() == 3
    row = committed(amina, "transaction.failed", ago=6 * MINUTE)
    type(row).objects.update(due_at=just_over())
    assert worker._judge() == 1  # it leaves nothing to others
