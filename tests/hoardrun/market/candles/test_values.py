from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.candles.values import Drawn, Values, repaired, revised, roll_up, rolled
from hoardrun.market.scaled import MAX_SCALED

OLD = Drawn(1, 1, 0, Values(5, 9, 4, 7, 100, 3), "kraken", is_closed=True)
NEW = replace(OLD, values=Values(5, 10, 4, 7, 110, 4))
VALUES = st.lists(st.integers(1, 99), min_size=4, max_size=4).map(
    lambda each: Values(each[0], max(each), min(each), each[3], each[1], 1)
)


@given(st.lists(VALUES, min_size=1))
def test_a_sum_keeps_first_and_last_highest_and_lowest(parts: list[Values]):
    found = rolled(parts)
    assert (found.open, found.close) == (parts[0].open, parts[-1].close)
    assert found.high == max(part.high for part in parts)
    assert found.low == min(part.low for part in parts)
    assert found.volume == sum(part.volume or 0 for part in parts)
    assert found.trades == len(parts)
    assert found.is_sane()


@given(st.lists(VALUES, min_size=2), st.data())
def test_sums_of_sums_are_the_same(parts: list[Values], data: st.DataObject):
    cut = data.draw(st.integers(1, len(parts) - 1))
    assert rolled([rolled(parts[:cut]), rolled(parts[cut:])]) == rolled(parts)


def test_a_volume_that_no_part_has_stays_unknown():
    quotes = Values(1, 1, 1, 1)
    assert rolled([quotes, quotes]).volume is None
    assert rolled([quotes, Values(1, 1, 1, 1, 7, 2)]).volume == 7


def test_a_volume_that_is_too_large_to_be_stored_is_not_known():
    half = Values(1, 1, 1, 1, MAX_SCALED // 2 + 1, 2)
    assert half.fitting() == half
    assert half._replace(volume=MAX_SCALED + 1).fitting().volume is None
    assert rolled([half, half]) == Values(1, 1, 1, 1, None, 4)
    assert rolled([rolled([half, half]), half]).volume is None, "a part of it is not known"


@pytest.mark.parametrize(
    "change",
    [{"low": 0}, {"low": 6}, {"high": 6}, {"close": 10}, {"volume": -1}, {"trades": -1}],
)
def test_impossible_values_are_not_sane(change: dict[str, int]):
    sane = Values(5, 9, 4, 7, 100, 3)
    assert sane.is_sane()
    assert not sane._replace(**change).is_sane()


def test_one_indicative_part_makes_the_whole_indicative():
    parts = [OLD, replace(OLD, is_indicative=True)]
    assert roll_up(5, 0, parts, is_closed=True).is_indicative
    assert roll_up(5, 0, parts[::-1], is_closed=True).is_indicative
    assert not roll_up(5, 0, [OLD], is_closed=True).is_indicative


def test_the_first_close_is_no_revision_and_each_later_change_is_one():
    running = replace(OLD, is_closed=False)
    assert revised(None, running) == running
    assert revised(running, OLD) == OLD
    assert revised(OLD, OLD) is None
    assert revised(OLD, NEW) == replace(NEW, revision=1)
    assert revised(replace(OLD, revision=4), NEW) == replace(NEW, revision=5)


def test_a_closed_candle_is_not_opened_again():
    assert revised(OLD, replace(NEW, is_closed=False)) is None


def test_history_replaces_what_is_missing_doubtful_indicative_or_of_the_same_source():
    other = replace(NEW, source="coinbase")
    assert repaired(None, NEW, is_doubtful=False) == NEW
    assert repaired(OLD, NEW, is_doubtful=False) == replace(NEW, revision=1)
    assert repaired(OLD, other, is_doubtful=False) is None
    assert repaired(OLD, other, is_doubtful=True) == replace(other, revision=1)
    assert repaired(replace(OLD, is_indicative=True), other, is_doubtful=False) is not None
    assert repaired(OLD, OLD, is_doubtful=True) is None


def test_history_leaves_a_running_candle_alone_unless_it_is_doubtful():
    running = replace(OLD, is_closed=False)
    assert repaired(running, NEW, is_doubtful=False) is None
    assert repaired(running, NEW, is_doubtful=True) == NEW


def test_an_indicative_history_does_not_replace_trades():
    assert repaired(OLD, replace(NEW, is_indicative=True), is_doubtful=True) is None
