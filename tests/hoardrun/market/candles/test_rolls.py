from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from hoardrun.market.candles.holes import OpenHole
from hoardrun.market.candles.rolls import SETTLED, Rolls
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import Drawn, Values
from tests.hoardrun.market.candles.prices import BTC, NOON

MADE = Drawn(BTC, 1, NOON, Values(1, 1, 1, 1), "kraken", is_closed=True)
HOLE = OpenHole(1, BTC, 1, NOON + MINUTE, NOON + 2 * MINUTE, 0, False, 0.0)


def due(rolls: Rolls, minutes: int, at: int, *holes: OpenHole) -> set[tuple[int, int]]:
    return rolls.due(minutes, lambda _: at, lambda _: UTC, holes)


def test_a_span_is_added_up_once_it_has_ended_and_its_last_minute_has_closed():
    rolls = Rolls()
    rolls.note([MADE, replace(MADE, is_closed=False)], lambda _: UTC)
    end = NOON + 5 * MINUTE + SETTLED
    assert due(rolls, 5, end - 1) == set()
    assert due(rolls, 5, end) == due(rolls, 5, end) == {(BTC, NOON)}
    rolls.done(5, {(BTC, NOON)})
    assert due(rolls, 5, end) == set()
    assert due(rolls, 60, NOON + 60 * MINUTE + SETTLED) == {(BTC, NOON)}


def test_what_runs_is_not_added_up():
    rolls = Rolls()
    rolls.note([replace(MADE, is_closed=False)], lambda _: UTC)
    assert due(rolls, 5, NOON + 60 * MINUTE) == set()


def test_a_span_with_a_hole_waits_until_its_history_was_asked_once():
    rolls = Rolls()
    rolls.note([MADE], lambda _: UTC)
    late = NOON + 60 * MINUTE
    assert due(rolls, 5, late, HOLE) == set()
    assert due(rolls, 5, late, replace(HOLE, since=NOON + 5 * MINUTE, until=late)) == {(BTC, NOON)}
    assert due(rolls, 5, late, replace(HOLE, instrument_id=2)) == {(BTC, NOON)}
    assert due(rolls, 5, late) == {(BTC, NOON)}


def test_days_are_added_up_from_hours_and_hours_from_minutes():
    rolls, far = Rolls(), NOON + 3 * 1440 * MINUTE
    rolls.note([MADE], lambda _: UTC)
    assert due(rolls, 1440, far) == due(rolls, 240, far) == set()
    rolls.note([replace(MADE, minutes=60)], lambda _: UTC)
    assert due(rolls, 1440, far) == {(BTC, NOON - 720 * MINUTE)}
    assert due(rolls, 240, far) == {(BTC, NOON)}
