from __future__ import annotations

from typing import Any

import pytest

from hoardrun.market.candles import opening
from hoardrun.market.candles.builder import Hole
from hoardrun.market.candles.directory import read_directory
from hoardrun.market.candles.holes import holes_add
from hoardrun.market.candles.services import candles_store
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import roll_up
from hoardrun.market.lease import Held
from hoardrun.market.models import Instrument, SourceSymbol
from tests.hoardrun.market.candles.prices import NOON
from tests.hoardrun.market.candles.rows import drawn
from tests.hoardrun.market.tools import instrument


@pytest.fixture
def btc(db: Any) -> Instrument:
    made = instrument(symbol="BTC-USD", type="crypto", currency="USD")
    SourceSymbol.objects.create(
        instrument=made, source="kraken", venue_symbol="BTC/USD", rest_symbol="XBTUSD"
    )
    return made


def test_the_newest_longer_candle_is_added_up_anew(held: Held, btc: Instrument):
    """A leader may end after it has stored a minute, and before it has added it up."""
    minutes = [drawn(btc, number) for number in range(5)]
    candles_store(held=held, drawn=minutes)
    longer = [roll_up(span, NOON, minutes[:4], is_closed=True) for span in (5, 15, 30, 60)]
    candles_store(held=held, drawn=longer)
    assert not_rolled(NOON + 6 * MINUTE) == {each.bucket for each in minutes}


def test_spans_that_wait_for_a_hole_are_added_up_although_later_ones_were(
    held: Held, btc: Instrument
):
    minutes = [drawn(btc, number) for number in range(140)]
    candles_store(held=held, drawn=minutes)
    begin = NOON + 120 * MINUTE
    last = [roll_up(span, begin, minutes[120:], is_closed=True) for span in (5, 15, 30, 60)]
    candles_store(held=held, drawn=last)
    now = NOON + 141 * MINUTE
    holes_add(held=held, holes=[Hole(btc.pk, NOON, NOON + MINUTE)], is_left=True)
    assert min(not_rolled(now)) == begin
    holes_add(held=held, holes=[Hole(btc.pk, NOON + 62 * MINUTE, NOON + 63 * MINUTE)])
    assert min(not_rolled(now)) <= NOON + 60 * MINUTE


def test_what_is_compared_ends_before_the_running_hour(btc: Instrument):
    """No candle that is about to close waits for the answer."""
    now = NOON + 20 * MINUTE
    [hole] = opening.of_last_hours(read_directory(("kraken",)), lambda _: now)
    assert hole == Hole(btc.pk, NOON - 11 * 60 * MINUTE, NOON)


def not_rolled(now: int) -> set[int]:
    """Return the minutes that are to be added up when a leader begins."""
    found = opening.read(read_directory(("kraken",)), {}, lambda _: now)
    return {each.bucket for each in found.not_rolled if each.minutes == 1}
