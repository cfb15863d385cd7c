from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from hoardrun.market.feeds.backoff import Backoff, Budget, retry_after


def test_delays_grow_to_a_minute_and_are_spread():
    waits = [[backoff.delay() for _ in range(12)] for backoff in _many(400)]
    for number, bound in enumerate([0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]):
        drawn = [delays[number] for delays in waits]
        assert 0 <= min(drawn) < bound * 0.05
        assert bound * 0.95 < max(drawn) <= bound


def test_only_a_reset_makes_delays_short_again():
    (backoff,) = _many(1)
    for _ in range(20):
        backoff.delay()
    assert max(backoff.delay() for _ in range(20)) > 30
    backoff.reset()
    assert backoff.delay() <= 0.5


def test_a_budget_allows_so_many_uses_in_any_period():
    budget = Budget(3, 60)
    for now in (0, 1, 2):
        assert budget.wait(now) == 0
        budget.use(now)
    assert budget.wait(2) == 58
    budget.use(60)
    assert budget.wait(60) == 1
    assert budget.wait(61) == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("999999999999", 3600),
        ("Mon, 30 Nov 2026 12:01:30 GMT", 90),
        ("Mon, 30 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_it_reads_retry_after(header, seconds):
    assert retry_after(header, datetime(2026, 11, 30, 12, 0, tzinfo=UTC)) == seconds


def _many(count):
    return [Backoff(random.Random(seed)) for seed in range(count)]
