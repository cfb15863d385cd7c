from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hoardrun.market import simulator
from hoardrun.market.catalogue import CATALOGUE
from hoardrun.market.quotes import Listing, LiveQuote, market_update
from tests.hoardrun.market.tools import NOON, TICK
from tests.services.process import run_python

LISTINGS = [
    Listing(number, seed.symbol, seed.name, seed.type, seed.currency, seed.decimals, "open")
    for number, seed in enumerate(CATALOGUE)
]
PRICES = ("price", "open", "high", "low", "previous_close", "change")
_PROGRAM = """
import django; django.setup()
from tests.hoardrun.market.test_simulator import LISTINGS, TICK, quotes_text
print(quotes_text())
"""


def quotes_text() -> str:
    return "\n".join(repr(simulator.quote_at(listing, TICK)) for listing in LISTINGS)


def test_it_quotes_the_same_in_another_interpreter():
    result = run_python("-c", _PROGRAM, env=os.environ | {"PYTHONHASHSEED": "4711"})
    assert result.stdout.strip() == quotes_text()


def test_quotes_do_not_depend_on_earlier_calls():
    before = quotes_text()
    for listing in LISTINGS[:3]:
        simulator.quote_at(listing, TICK + 12_345)
        simulator.days_until(listing, NOON + timedelta(days=2))
    assert quotes_text() == before


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.symbol)
def test_it_sends_strings_with_the_decimals_of_the_instrument(listing: Listing):
    update = market_update(simulator.quote_at(listing, TICK))
    for name in PRICES:
        text = getattr(update, name)
        assert isinstance(text, str)
        assert -Decimal(text).as_tuple().exponent == listing.decimals  # type: ignore[operator]
    assert isinstance(update.change_percent, str)
    assert isinstance(update.volume, str)


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.symbol)
def test_it_keeps_the_books_of_a_day(listing: Listing):
    first = TICK // simulator.DAY_TICKS * simulator.DAY_TICKS
    day: list[Any] = [simulator.quote_at(listing, tick) for tick in range(first, TICK, 40_000)]
    yesterday = simulator.quote_at(listing, first - 1)
    for earlier, later in zip(day, day[1:], strict=False):
        assert later.low <= later.price <= later.high
        assert (later.open, later.previous_close) == (day[0].price, yesterday.price)
        assert later.high >= earlier.high
        assert later.low <= earlier.low
        assert later.volume > earlier.volume


def test_it_moves_a_price_in_small_steps_around_its_base():
    for seed, listing in zip(CATALOGUE, LISTINGS, strict=True):
        base = Decimal(str(seed.price))
        minute = [simulator.price_at(listing, TICK + 5 * step) for step in range(120)]
        assert len(set(minute)) > 3, f"{listing.symbol} stands still"
        for earlier, later in zip(minute, minute[1:], strict=False):
            assert abs(later - earlier) < base / 200
        year = [simulator.price_at(listing, TICK + 864_000 * day) for day in range(365)]
        assert base * Decimal("0.75") < min(year) < max(year) < base * Decimal("1.25")


def test_it_continues_each_day_where_the_last_one_closed():
    days = simulator.days_until(LISTINGS[0], NOON)
    now = simulator.quote_at(LISTINGS[0], TICK)
    assert [day.date for day in days] == [
        NOON.date() - timedelta(days=ago) for ago in range(29, -1, -1)
    ]
    assert days[-1][1:] == (now.open, now.high, now.low, now.price, now.volume)
    assert days[-2].close == now.previous_close
    assert all(day.low <= min(day.open, day.close) for day in days)
    assert all(day.high >= max(day.open, day.close) for day in days)


def test_it_quotes_an_instrument_that_is_not_in_the_catalogue():
    listing = Listing(99, "KLMO", "Kilimo", "stock", "KES", 2, "open")
    quote: LiveQuote = simulator.quote_at(listing, TICK)
    assert 1 < quote.price < 1000
    assert quote.market_cap is None
