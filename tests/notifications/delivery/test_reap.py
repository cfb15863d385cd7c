"""Leases that end while nobody has said what became of the call."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from notifications.delivery.reap import reap
from notifications.delivery.steps import UNKNOWN_WAITS
from realtime import clock
from tests.notifications.delivery import support
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("channel", ["push", "sms", "email"])
def test_a_lease_that_is_over_leaves_an_unknown_outcome(channel):
    user = User.objects.create_user("amina")
    to = support.address(user, channel, "somewhere")
    now = clock.now()
    over, running = now - timedelta(seconds=1), now + timedelta(minutes=1)
    sending = {"state": "sending", "lease": 3, "attempts": 1}
    dead = support.delivery(note(user), to, lease_until=over, **sending)
    alive = support.delivery(note(user), to, lease_until=running, **sending)
    assert reap() == 1
    assert reap() == 0
    dead.refresh_from_db()
    alive.refresh_from_db()
    # The number stays: what the dead worker knows after all still counts.
    assert (dead.state, dead.lease, alive.state) == ("unknown", 3, "sending")
    assert dead.not_before == over + UNKNOWN_WAITS[channel]


def test_what_an_older_lease_has_sent_meanwhile_is_not_sent_once_more():
    user, now = User.objects.create_user("amina"), clock.now()
    to = support.address(user, "sms", support.NUMBER)
    row = support.delivery(
        note(user), to, state="sending", lease=2, attempts=2, accepted_at=now,
        lease_until=now - timedelta(seconds=1),
    )  # fmt: skip
    assert reap() == 1
    row.refresh_from_db()
    assert row.state == "accepted"
