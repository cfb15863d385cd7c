from __future__ import annotations

import pytest

from hoardrun.market.candles import opening
from hoardrun.market.candles.directory import read_directory
from hoardrun.market.candles.services import candles_store
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import roll_up
from hoardrun.market.lease import acquire
from hoardrun.market.models import SourceSymbol
from tests.hoardrun.market.candles.prices import NOON
from tests.hoardrun.market.candles.rows import drawn
from tests.hoardrun.market.tools import instrument


@pytest.mark.django_db
def test_the_newest_longer_candle_is_added_up_anew():
    """A leader may end after it has stored a minute, and before it has added it up."""
    made = instrument(symbol="BTC-USD", type="crypto", currency="USD")
    SourceSymbol.objects.create(
        instrument=made, source="kraken", venue_symbol="BTC/USD", rest_symbol="XBTUSD"
    )
    held = acquire("engine", "test")
    assert held is not None
    minutes = [drawn(made, number) for number in range(5)]
    candles_store(held=held, drawn=minutes)
    longer = [roll_up(span, NOON, minutes[:4], is_closed=True) for span in (5, 15, 30, 60)]
    candles_store(held=held, drawn=longer)
    found = opening.read(read_directory(("kraken",)), {}, lambda _: NOON + 6 * MINUTE)
    parts = {each.bucket for each in found.not_rolled if each.minutes == 1}
    assert parts == {each.bucket for each in minutes}
