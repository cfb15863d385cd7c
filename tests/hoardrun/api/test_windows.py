"""The used part of a rate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoardrun.api.windows import Rate, moment_of, rate_of, used, wait_seconds

RATES = {
    **{"5/s": Rate(5, 1), "5/second": Rate(5, 1), "60/min": Rate(60, 60), "7/m": Rate(7, 60)},
    **{"10/hour": Rate(10, 3600), "7/d": Rate(7, 86_400), "1000000/day": Rate(10**6, 86_400)},
}


@pytest.mark.parametrize("text", RATES)
def test_a_rate_is_read(text: str):
    assert rate_of(text) == RATES[text]


def test_a_time_lies_in_a_window():
    assert moment_of(Rate(1, 60), 600) == (10, 0)
    assert moment_of(Rate(1, 60), 645) == (10, 0.75)


def test_the_window_before_counts_by_what_is_left_of_it():
    assert used(20, 0, 0) == 20
    assert used(20, 5, 0.25) == 20
    assert used(20, 5, 1) == 5


@given(
    limit=st.integers(1, 1000),
    previous=st.integers(0, 1000),
    current=st.integers(0, 1000),
    share=st.floats(0, 0.999),
    cost=st.integers(1, 1000),
)
def test_after_the_wait_there_is_room(
    limit: int, previous: int, current: int, share: float, cost: int
):
    rate, cost = Rate(limit, 60), min(cost, limit)
    wait = wait_seconds(rate, cost, previous, current, share)
    assert 0 <= wait <= 60
    later = share + wait / 60
    if later < 1:
        assert used(previous, current, later) + cost <= limit + 1e-6
    elif wait < 60:
        assert used(current, 0, later - 1) + cost <= limit + 1e-6
