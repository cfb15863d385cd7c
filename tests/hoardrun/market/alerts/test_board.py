"""What a board fires is what a plain scan of all crossings finds."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hoardrun.market.alerts.board import Board, Fires, Number, Rearms, Waiting
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.missed import MissedPrice
from tests.hoardrun.market.alerts.naive import Alert, Store, fires, scan

FIRST = 50
PRICES = st.integers(30, 70)


@st.composite
def alerts(draw: st.DrawFn) -> list[Alert]:
    """Draw alerts that are not true at the first price."""
    found = []
    for number in range(draw(st.integers(1, 12))):
        is_above = draw(st.booleans())
        away = draw(st.integers(1, 15))
        back = draw(st.integers(1, 10))
        sign = 1 if is_above else -1
        threshold = FIRST + sign * away
        cooldown = draw(st.none() | st.integers(0, 8))
        found.append(Alert(number, is_above, threshold, threshold - sign * back, cooldown))
    return found


@st.composite
def prices(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Draw prices with times: most go forward, some repeat, some are late."""
    at, found = 1, []
    for price, step in draw(st.lists(st.tuples(PRICES, st.integers(-4, 5)), max_size=60)):
        at = max(0, at + step)
        found.append((price, at))
    return found


@given(alerts(), prices())
@settings(deadline=None)
def test_a_board_fires_what_a_plain_scan_finds(
    waiting: list[Alert], path: list[tuple[int, int]]
) -> None:
    expected = deepcopy(waiting)
    scan(expected, path, FIRST)
    store = Store(waiting, FIRST)
    for price, at in path:
        store.take(price, at)
    assert waiting == expected


@given(alerts(), prices(), st.sets(st.integers(0, 60)), st.data())
@settings(deadline=None)
def test_a_new_leader_loses_and_doubles_nothing_that_fires_once(
    waiting: list[Alert], path: list[tuple[int, int]], changes: set[int], data: st.DataObject
) -> None:
    """The leader changes anywhere, and its successor begins with a price noted up to 5 ago."""
    for alert in waiting:
        alert.cooldown = None
    path = sorted(path, key=lambda each: each[1])
    expected = deepcopy(waiting)
    scan(expected, path, FIRST)
    store = Store(waiting, FIRST)
    for place, (price, at) in enumerate(path):
        if place in changes:
            noted = max(0, place - data.draw(st.integers(1, 5)))
            was, was_at = path[noted - 1] if noted else (FIRST, 0)
            store.lead_again(was, was_at)
            trades = [MissedPrice(each, each, None, when) for each, when in path[noted:place]]
            missed = [each.high for each in trades]
            if data.draw(st.booleans()) and trades:  # only candles are known
                trades = [MissedPrice(max(missed), min(missed), was_at, at)]
            store.settle(store.board.missed(trades))
        store.take(price, at)
    assert [len(alert.fired) for alert in waiting] == [len(alert.fired) for alert in expected]


@given(alerts(), prices())
@settings(deadline=None)
def test_nothing_fires_without_a_price_beyond_its_threshold(
    waiting: list[Alert], path: list[tuple[int, int]]
) -> None:
    store = Store(waiting, FIRST)
    for price, at in path:
        store.take(price, at)
    for alert in waiting:
        assert all(alert.reached(price) for price, _ in alert.fired)
        assert len(alert.fired) <= 1 or alert.cooldown is not None


def _board(*entries: tuple[int, bool, int]) -> Board:
    board = Board()
    board.begin(FIRST, 0)
    for number, is_above, threshold in entries:
        board.arm(number, Metric.PRICE, is_above=is_above, threshold=threshold)
    return board


def test_a_leap_fires_all_that_lies_between_oldest_first() -> None:
    board = _board((9, True, 55), (3, True, 60), (4, True, 61), (1, False, 40))
    assert board.take(60, 1) == [fires([3, 9], Metric.PRICE, 60, 60, 1)]
    assert len(board) == 2


def test_the_threshold_itself_is_reached() -> None:
    board = _board((1, True, 55), (2, False, 45))
    assert board.take(54, 1) == board.take(46, 2) == []
    assert [effect.ids for effect in board.take(55, 3)] == [[1]]
    assert [effect.ids for effect in board.take(45, 4)] == [[2]]


@pytest.mark.feed(number=9)
def test_prices_that_flip_over_a_threshold_fire_once_in_a_cooldown() -> None:
    alert = Alert(1, True, 55, 53, cooldown=100)
    store = Store([alert], FIRST)
    for at in range(1, 501):
        store.take(55 if at % 2 else 54, at)
    assert len(alert.fired) == 1  # it never came back to 53
    store.take(53, 600)
    store.take(55, 601)
    assert len(alert.fired) == 2


def test_a_repeated_alert_waits_for_both_the_way_back_and_the_cooldown() -> None:
    board = _board()
    board.take(56, 10)
    board.wait(Waiting(1, Metric.PRICE, True, 55, 53, fired_at=10, ready_at=20))
    assert board.take(50, 15) == []  # back, too early
    # Back since 15, and armed since 20: of what was missed in between, nothing concerns it.
    assert board.take(54, 22) == [Rearms([1], Metric.PRICE, 50, 20)]
    assert board.take(55, 23) == [fires([1], Metric.PRICE, 55, 55, 23)]


def test_a_repeated_alert_waits_for_its_latest_cooldown() -> None:
    board = _board()
    board.take(56, 10)
    for ready_at in (20, 200):  # it has fired again, or its user has chosen a longer one
        board.wait(Waiting(1, Metric.PRICE, True, 55, 53, ready_at - 10, ready_at))
    assert board.take(50, 30) == []
    assert board.take(50, 200) == [Rearms([1], Metric.PRICE, 50, 200)]


def test_a_price_of_before_the_firing_is_no_way_back() -> None:
    """A new leader begins with an old price, and hears of a dip since."""
    board = Board()
    board.begin(60, 10, judged_until=30)
    board.arm(1, Metric.PRICE, is_above=False, threshold=50)
    assert len(board.missed([MissedPrice(49, 49, None, 20)])) == 1
    board.wait(Waiting(1, Metric.PRICE, False, 50, 52, fired_at=20, ready_at=35))
    assert [type(effect) for effect in board.take(48, 40)] == [Fires]  # the row says: it waits
    assert board.take(52, 41) == [Rearms([1], Metric.PRICE, 52, 41)]


def test_an_alert_that_has_fired_once_more_is_not_armed_by_its_former_way_back() -> None:
    board = _board()
    board.take(56, 10)
    board.wait(Waiting(1, Metric.PRICE, True, 55, 53, fired_at=10, ready_at=20))
    assert board.take(54, 21) == []  # cooled down, and waits for the way back
    board.wait(Waiting(1, Metric.PRICE, True, 55, 53, fired_at=22, ready_at=32))
    assert board.take(53, 23) == []
    assert board.take(54, 33) == [Rearms([1], Metric.PRICE, 53, 32)]


def test_an_alert_whose_way_back_was_changed_is_not_armed_by_the_former_one() -> None:
    board = _board()
    board.take(56, 10)
    for back, at in ((53, 21), (51, 22)):
        board.wait(Waiting(1, Metric.PRICE, True, 55, back, fired_at=10, ready_at=20))
        assert board.take(54, at) == []
    assert board.take(53, 23) == []
    assert board.take(51, 24) == [Rearms([1], Metric.PRICE, 51, 24)]


def test_the_extremes_of_a_hole_fire_and_move_nothing() -> None:
    board = _board((1, True, 60), (2, False, 40), (3, True, 70))
    [found] = board.missed([MissedPrice(65, 35, 1, 9), MissedPrice(50, 50, None, 10)])
    assert isinstance(found, Fires) and found.ids == [1, 2]
    assert found.numbers == [Number(65, 65, 9, 1), Number(35, 35, 9, 1), Number(50, 50, 10)]
    assert board.missed([MissedPrice(59, 41, 1, 9)]) == []
    assert (board.values[Metric.PRICE], board.at) == (FIRST, 0)


def test_a_change_fires_by_its_own_reference_and_when_that_moves() -> None:
    board = Board()
    board.begin(10_000, 0)
    board.arm(1, Metric.CHANGE_DAY, is_above=True, threshold=50_000)  # 5 %
    board.arm(2, Metric.CHANGE_HOUR, is_above=False, threshold=-20_000)
    assert board.take(20_000, 1) == []  # no reference is known
    board.take(10_000, 2)
    board.refer(Metric.CHANGE_DAY, 10_000)
    assert board.look() == []
    assert board.take(10_500, 3) == [fires([1], Metric.CHANGE_DAY, 50_000, 10_500, 3)]
    board.refer(Metric.CHANGE_HOUR, 10_800)
    assert board.look() == [fires([2], Metric.CHANGE_HOUR, -27_777, 10_500, 3)]


def test_a_volume_fires_when_it_came_with_a_price() -> None:
    board = _board()
    board.arm(1, Metric.VOLUME, is_above=True, threshold=1_000)
    assert board.take(50, 1) == board.take(50, 2, 999) == []
    assert board.take(51, 3, 1_200) == [fires([1], Metric.VOLUME, 1_200, 51, 3)]


def test_what_is_armed_already_true_fires_with_the_next_look() -> None:
    board = _board((1, True, 45))
    assert board.look() == [fires([1], Metric.PRICE, 50, 50, 0)]
    assert board.look() == []
