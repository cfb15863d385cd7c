"""A worker that has only some channels hears at once of what others queue for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from notifications.delivery import hints
from notifications.delivery.judge import judge_due
from notifications.delivery.worker import Worker
from notifications.models import Delivery
from realtime import clock
from realtime.layer.send import sender
from realtime.outgoing import heartbeat
from tests.notifications.delivery import support
from tests.notifications.delivery.support import MINUTE, NUMBER, committed
from tests.notifications.delivery.test_worker import wait_until
from tests.services.redis import Redis

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def redis() -> Iterator[None]:
    store = Redis("redis-hints")
    layer = {
        "BACKEND": "realtime.layer.pubsub.PubSubLayer",
        "CONFIG": {"hosts": [{"address": store.url}], "prefix": "hints"},
    }
    with override_settings(CHANNEL_LAYERS={"default": layer}):
        yield
    store.stop()


def test_its_lane_does_not_wait_for_the_poll(redis, outside, monkeypatch):
    monkeypatch.setattr(Worker, "poll_seconds", 60.0)
    running = Worker(["sms"], judges=False)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        assert running.listener.is_listening.wait(10)
        wait_until(lambda: not heartbeat.silent(("sms",), clock.now()))
        user = User.objects.create_user("amina")
        support.address(user, "sms", NUMBER)
        committed(user, "transaction.failed", ago=6 * MINUTE)
        judge_due()  # as another process does
        sender.flush()
        wait_until(lambda: Delivery.objects.filter(channel="sms", state="accepted").exists())
    finally:
        running.stop()
        thread.join(20)


def test_only_what_is_queued_is_hinted_at(monkeypatch):
    topics: list[str] = []
    monkeypatch.setattr(hints, "nudge", topics.append)
    queued = [Delivery(channel=name, state="queued") for name in ("sms", "email", "sms")]
    hints.queued([*queued, Delivery(channel="push", state="skipped")])
    assert topics == ["deliveries.email", "deliveries.sms"]
