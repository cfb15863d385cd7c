"""Who has worked lately, by the heartbeats of workers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from realtime import clock
from realtime.outgoing.heartbeat import SILENT_AFTER, beat, heard, is_alive, silent

pytestmark = pytest.mark.django_db
ROLES = ("push", "sms")


def test_a_part_that_nobody_does_is_silent():
    assert silent(ROLES, clock.now()) == ["push", "sms"]
    beat("push")
    beat("push")
    assert silent(ROLES, clock.now()) == ["sms"]
    later = clock.now() + SILENT_AFTER + timedelta(seconds=1)
    assert silent(ROLES, later) == ["push", "sms"]


def test_who_was_heard_and_when():
    assert heard(ROLES) == {}
    beat("sms")
    assert heard(ROLES).keys() == {"sms"}
    now = clock.now()
    assert is_alive(heard(ROLES)["sms"], now)
    assert not is_alive(now - SILENT_AFTER, now)
    assert not is_alive(None, now)
