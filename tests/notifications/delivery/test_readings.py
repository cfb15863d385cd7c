"""How delivery is doing, for a scrape and for monitors."""

from __future__ import annotations

import pytest

from notifications.delivery.readings import DELIVERING, ROLES, no_worker
from realtime import clock
from realtime.models import Host
from realtime.outgoing import heartbeat, pacing
from tests.notifications.delivery import support
from tests.notifications.delivery.support import MINUTE
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


def test_what_waits_is_measured_by_its_age(amina, outside):
    then = clock.now() - 2 * MINUTE
    phone = support.address(amina, "sms", support.NUMBER)
    support.delivery(note(amina), phone, not_before=then)
    support.delivery(note(amina), phone, not_before=clock.now() + MINUTE)
    support.delivery(note(amina), phone, state="unknown", rung=1)
    support.ladder(note(amina), due_at=then)
    found = DELIVERING.read()
    assert 120 <= found["ladders_overdue_seconds"] < 180
    assert 120 <= found["deliveries_waiting_seconds"]["sms"] < 180
    assert found["deliveries_waiting_seconds"]["push"] == 0
    assert found["deliveries_waiting"] == {"push": 0, "sms": 1, "email": 0}
    assert found["deliveries_unknown"] == {"push": 0, "sms": 1, "email": 0}
    assert found["delivery_silent"] == dict.fromkeys(ROLES, 1)


def test_what_lets_nothing_through_is_counted(db):
    assert DELIVERING.read()["calls_blocked"] == {"open": 0, "stopped": 0}
    later = clock.now() + MINUTE
    Host.objects.create(name="twilio", opened_until=later, updated_at=clock.now())
    Host.objects.create(name="smtp", opened_until=clock.now() - MINUTE, updated_at=clock.now())
    for name in ("channel:sms", "fcm"):
        pacing.stop(name, by="staff:1", why="It loops.")
    assert DELIVERING.read()["calls_blocked"] == {"open": 1, "stopped": 2}


def test_a_monitor_is_told_what_nobody_does(outside):
    assert "judge, push, sms, email" in " ".join(no_worker())
    for role in ROLES:
        heartbeat.beat(role)
    assert list(no_worker()) == []


def test_where_nothing_can_be_sent_no_worker_is_needed(db, settings):
    settings.CHANNELS = {}
    assert list(no_worker()) == []
    assert DELIVERING.read()["delivery_silent"] == dict.fromkeys(ROLES, 0)
