from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.candles.builder import Hole
from hoardrun.market.candles.holes import hole_fail, hole_list, hole_shrink, holes_add, merged
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.lease import Held, Overtaken, acquire, release
from hoardrun.market.models import CandleHole, Instrument
from tests.hoardrun.market.candles.prices import NOON
from tests.hoardrun.market.tools import instrument


@pytest.fixture
def btc(db: Any) -> Instrument:
    return instrument(symbol="BTC-USD", type="crypto", currency="USD")


def hole(of: Instrument | int, first: int, count: int) -> Hole:
    key = of if isinstance(of, int) else of.pk
    return Hole(key, NOON + first * MINUTE, NOON + (first + count) * MINUTE)


HOLES = st.builds(hole, st.integers(1, 2), st.integers(0, 30), st.integers(1, 5))


@given(st.lists(HOLES))
def test_joined_holes_cover_the_same_time_and_do_not_touch(holes: list[Hole]):
    found = merged(holes)

    def covered(some: list[Hole]) -> set[tuple[int, int]]:
        return {(h.instrument_id, at) for h in some for at in range(h.since, h.until, MINUTE)}

    assert covered(found) == covered(holes)
    for one, other in zip(found, found[1:], strict=False):
        assert one.instrument_id < other.instrument_id or one.until < other.since


def test_holes_that_touch_become_one(held: Held, btc: Instrument):
    holes_add(held=held, holes=[hole(btc, 0, 2), hole(btc, 10, 1)])
    found = holes_add(held=held, holes=[hole(btc, 2, 3)])
    assert sorted((each.since, each.until) for each in found) == [
        (NOON, NOON + 5 * MINUTE),
        (NOON + 10 * MINUTE, NOON + 11 * MINUTE),
    ]
    assert all(each.due_at <= time.monotonic() + 1 for each in found)
    again = holes_add(held=held, holes=[hole(btc, 1, 1)])
    assert [each.id for each in again] == [each.id for each in found]
    assert CandleHole.objects.count() == 2


def test_holes_of_other_intervals_and_those_that_are_left_stay_apart(held: Held, btc: Instrument):
    holes_add(held=held, holes=[hole(btc, 0, 2)])
    holes_add(held=held, holes=[hole(btc, 0, 60)], minutes=60)
    holes_add(held=held, holes=[hole(btc, 0, 2)], is_left=True, reason="nobody has it")
    assert CandleHole.objects.count() == 3
    assert CandleHole.objects.get(is_left=True).reason == "nobody has it"


def test_a_hole_that_is_filled_is_gone_and_its_rest_was_not_asked_for_yet(
    held: Held, btc: Instrument
):
    holes_add(held=held, holes=[hole(btc, 0, 5)])
    for _ in range(3):
        [found] = hole_list()
        hole_fail(held=held, hole=found, retry_seconds=900, reason="HTTP 500")
    hole_shrink(held=held, hole=found, since=NOON + 3 * MINUTE)
    [rest] = hole_list()
    assert (rest.since, rest.tries) == (NOON + 3 * MINUTE, 0)
    assert rest.due_at <= time.monotonic()
    hole_shrink(held=held, hole=rest, since=NOON + 5 * MINUTE)
    assert hole_list() == []


def test_tries_that_fail_come_later_each_time(held: Held, btc: Instrument):
    holes_add(held=held, holes=[hole(btc, 0, 5)])
    for tried, asked, pause in ((0, 1, 5), (1, 1, 10), (2, 1, 20), (3, 900, 900)):
        [found] = hole_list()
        began = time.monotonic()
        hole_fail(held=held, hole=found, retry_seconds=asked, reason="x" * 300)
        failed = time.monotonic()
        [found] = hole_list()
        assert began - 0.1 <= found.due_at - pause <= failed + 0.1, tried


def test_a_leader_that_was_overtaken_changes_no_hole(held: Held, btc: Instrument):
    [found] = holes_add(held=held, holes=[hole(btc, 0, 5)])
    release(held)
    assert acquire("engine", "other")
    for change in (
        lambda: holes_add(held=held, holes=[hole(btc, 9, 5)]),
        lambda: hole_shrink(held=held, hole=found, since=found.until),
        lambda: hole_fail(held=held, hole=found, retry_seconds=1, reason=""),
    ):
        with pytest.raises(Overtaken):
            change()
    assert len(hole_list()) == 1
