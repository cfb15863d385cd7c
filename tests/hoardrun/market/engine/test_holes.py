from __future__ import annotations

from hoardrun.market.engine.holes import Holes
from hoardrun.market.engine.prices import Accepted, Gap


def price(at: int, *, key: int = 1, is_history: bool = False) -> Accepted:
    return Accepted(key, "BTC-USD", 100, at, "kraken", is_history=is_history)


def test_a_hole_ends_once_before_the_first_price_that_is_no_history():
    holes = Holes()
    holes.open(1, 10)
    items = [price(9, is_history=True), price(20), price(21)]
    gap = Gap(1, "BTC-USD", "kraken", 10, 20)
    assert list(holes.closed_by(items)) == [items[0], gap, *items[1:]]
    assert list(holes.closed_by([price(22)])) == [price(22)]


def test_the_earliest_beginning_counts():
    holes = Holes()
    for since in (10, 7, 12):
        holes.open(1, since)
    assert holes.closed_by([price(20)])[0] == Gap(1, "BTC-USD", "kraken", 7, 20)


def test_other_instruments_have_no_hole():
    holes = Holes()
    holes.open(1, 10)
    assert list(holes.closed_by([price(20, key=2)])) == [price(20, key=2)]
