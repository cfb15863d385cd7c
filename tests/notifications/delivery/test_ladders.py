"""The times of ladders in this deployment."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from notifications.delivery.ladders import first_due
from notifications.kinds import Kind, Rung


def kind(*rungs):
    return Kind(
        name="system.example",
        title="Example",
        type="system",
        category="system",
        variables=msgspec.Struct,
        samples=(),
        ladder=rungs,
    )


def test_the_earliest_rung_counts_and_the_scale_divides(settings):
    found = kind(
        Rung(channel="sms", after=timedelta(minutes=3)),
        Rung(channel="push", after=timedelta(seconds=10)),
    )
    assert first_due(found) == timedelta(seconds=10)
    settings.ESCALATION_TIME_SCALE = 10
    assert first_due(found) == timedelta(seconds=1)


def test_a_rung_for_those_who_are_away_is_looked_at_at_once():
    away = Rung(channel="push", after=timedelta(seconds=10), at_once_if_away=True)
    assert first_due(kind(away)) == timedelta()
