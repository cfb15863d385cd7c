"""The price of an hour or a day ago."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.alerts.board import Board
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.past import Past
from tests.hoardrun.market.alerts.naive import fires

SPAN, STEP = 100, 10


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 1000)), max_size=300))
def test_it_knows_the_price_that_held_then_but_for_a_step(path: list[tuple[int, int]]) -> None:
    past, at, found = Past(SPAN, STEP), 0, []
    for gap, price in path:
        at += gap
        past.add(price, at)
        found.append((at, price))
        known = past.before(at)
        before = [each for each in found if each[0] <= at - SPAN]
        if not before:
            assert known is None
            continue
        # The last of its step is kept: what held within a step before is as good.
        held = [price for when, price in found if when <= at - SPAN and when > before[-1][0] - STEP]
        older = [price for when, price in before if when // STEP < before[-1][0] // STEP]
        assert known in held or known == (older[-1] if older else None)


def test_it_stays_small() -> None:
    past = Past(SPAN, STEP)
    for at in range(0, 100_000, 5):
        past.add(1, at)
        past.before(at)
    assert len(past) < 600


def test_a_board_reckons_a_change_from_the_price_of_an_hour_ago() -> None:
    board = Board()
    board.begin(10_000, 0)
    board.arm(1, Metric.CHANGE_HOUR, is_above=True, threshold=100_000)  # 10 %
    board.remember(Metric.CHANGE_HOUR, Past(SPAN, STEP))
    assert board.take(12_000, 20) == board.take(10_500, 90) == board.take(12_100, 119) == []
    assert board.take(13_200, 120) == [fires([1], Metric.CHANGE_HOUR, 100_000, 13_200, 120)]
