"""A day of a deployment: what its users do adds up, and a seed repeats it."""

from __future__ import annotations

import pytest

from bench.scale.day import play
from bench.scale.deployment import BUSIEST_HOUR, BUSYNESS, Deployment

MANY = Deployment(users=200_000)
PACE = 7_000.0  # so that the last minute has fewer


def test_a_seed_repeats_a_day_and_another_does_not():
    assert list(play(MANY, 1, PACE)) == list(play(MANY, 1, PACE))
    assert list(play(MANY, 1, PACE)) != list(play(MANY, 2, PACE))


def test_a_day_has_what_its_users_do_in_a_day():
    day = list(play(MANY, 1, PACE))
    assert sum(each.events for each in day) == pytest.approx(200_000 * 20, rel=0.02)
    assert sum(each.payments for each in day) == pytest.approx(200_000 * 2, rel=0.02)
    opened = 200_000 * (4 + 0.03)  # after the mailing too
    assert sum(each.logins for each in day) == pytest.approx(opened, rel=0.02)
    assert sum(each.announced for each in day) == 1


def test_a_mailing_reaches_every_user_once():
    assert sum(each.mailed for each in play(MANY, 1, PACE)) == 200_000
    assert max(each.mailed for each in play(MANY, 1, PACE)) == PACE


def test_sockets_follow_the_day_up_to_what_is_connected_at_the_busiest_time():
    sockets = [each.sockets for each in play(MANY, 1, PACE)]
    assert max(sockets) == pytest.approx(MANY.peak_sockets, rel=0.001)
    assert min(sockets) == pytest.approx(MANY.peak_sockets * min(BUSYNESS))
    assert min(BUSYNESS) < 0.1


def test_the_busiest_hour_can_be_played_alone():
    hour = list(play(MANY, 1, PACE, BUSIEST_HOUR))
    assert [each.number for each in hour] == list(BUSIEST_HOUR)
    assert max(each.sockets for each in hour) == pytest.approx(MANY.peak_sockets, rel=0.001)
    assert sum(each.mailed for each in hour) == 200_000
