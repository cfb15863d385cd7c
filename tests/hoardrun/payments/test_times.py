"""A payment's own time passes as fast as it is told."""

from __future__ import annotations

from datetime import timedelta

from hoardrun.payments.times import Times
from tests.hoardrun.payments.support import SENT


def test_time_passes_as_it_does() -> None:
    moment = SENT + timedelta(seconds=7, microseconds=1)
    assert Times(SENT).own(moment) == Times(SENT).ours(moment) == moment


def test_time_passes_faster_in_tests() -> None:
    times = Times(SENT, 60)
    assert times.own(SENT + timedelta(seconds=10)) == SENT + timedelta(minutes=10)
    assert times.ours(SENT + timedelta(hours=72)) == SENT + timedelta(minutes=72)
