"""A simulated market: the quote of a symbol as a pure function of time.

Called by the simulator's feed, the test room and selectors. Every process computes the same
quotes without talking to another, for any time, also in the past. The market is always open; its
days are UTC days. A price differs from its base by at most `noise.BOUND` times the volatility.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from hoardrun.market.catalogue import SEEDS, TEST, Seed
from hoardrun.market.noise import chance, walk
from hoardrun.market.quotes import Listing, LiveQuote

TICK_MS = 100
DAY_TICKS = 86_400_000 // TICK_MS
DAYS_KEPT = 30
BAR_SAMPLES = 8  # prices that a candle of the past is made of
BATCH_TICKS = 5  # between two prices, unless a feed is told otherwise

# The usual move of a price in a day, as a fraction of it, by type or by symbol.
_VOLATILITY = {
    "crypto": 0.022,
    "stock": 0.014,
    "commodity": 0.011,
    "index": 0.008,
    "forex": 0.004,
    TEST.symbol: 0.05,
}
_VOLUME_STEP = {"crypto": Decimal("0.0001")}
_WHOLE = Decimal(1)

TEST_LISTING = Listing(0, TEST.symbol, TEST.name, TEST.type, TEST.currency, TEST.decimals, "open")


class Day(NamedTuple):
    """A symbol's prices and volume of one day; of the running day, up to now."""

    date: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@lru_cache(maxsize=1024)
def _seed(symbol: str) -> Seed:
    """Look a symbol up in the catalogue, or make a price from its name."""
    digest = hashlib.blake2b(symbol.encode(), digest_size=2).digest()
    price = 10 + int.from_bytes(digest, "big") % 49_000 / 100
    return SEEDS.get(symbol) or Seed(symbol, "", "", "", 0, price, 1_000_000)


def tick_of(moment: datetime) -> int:
    """Return the number of the tick that a moment falls into."""
    return int(moment.timestamp() * 1000) // TICK_MS


def time_of(tick: int) -> datetime:
    """Return when a tick begins."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=tick * TICK_MS)


def price_at(listing: Listing, tick: int) -> Decimal:
    """Return only the price, which is much cheaper than the quote."""
    return _price(listing, walk(listing.symbol).at(tick))


def quote_at(listing: Listing, tick: int) -> LiveQuote:
    """Return the quote of a tick, with the day's prices and volume so far."""
    day = _day(listing, tick // DAY_TICKS, tick)
    supply = _seed(listing.symbol).supply
    return LiveQuote(
        listing=listing,
        price=day.close,
        open=day.open,
        high=day.high,
        low=day.low,
        previous_close=_boundary(listing, tick // DAY_TICKS * DAY_TICKS - 1),
        volume=day.volume,
        market_cap=None if supply is None else (day.close * supply).quantize(_WHOLE),
        source="simulator",
        as_of=time_of(tick),
    )


def bar_at(listing: Listing, first: int, end: int) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Return the first, highest, lowest and last price of the ticks from `first` up to `end`.

    Looks at some of the ticks only, so the highest and the lowest may lie a little further out.
    """
    step = max(1, (end - first) // BAR_SAMPLES)
    prices = [price_at(listing, tick) for tick in (*range(first, end, step), end - BATCH_TICKS)]
    return prices[0], max(prices), min(prices), prices[-1]


def days_until(listing: Listing, moment: datetime) -> list[Day]:
    """Return the last 30 days, oldest first; the last one is the running day."""
    tick = tick_of(moment)
    today = tick // DAY_TICKS
    closed = [_closed_day(listing, number) for number in range(today - DAYS_KEPT + 1, today)]
    return [*closed, _day(listing, today, tick)]


@lru_cache(maxsize=4096)
def _boundary(listing: Listing, tick: int) -> Decimal:
    """Return the price at the start or end of a day, which is needed again and again."""
    return price_at(listing, tick)


@lru_cache(maxsize=4096)
def _closed_day(listing: Listing, number: int) -> Day:
    return _day(listing, number, (number + 1) * DAY_TICKS - 1)


def _day(listing: Listing, number: int, last: int) -> Day:
    first = number * DAY_TICKS
    high, low = walk(listing.symbol).extremes(first, last)
    return Day(
        date=time_of(first).date(),
        open=_boundary(listing, first),
        high=_price(listing, high),
        low=_price(listing, low),
        close=price_at(listing, last),
        volume=_volume(listing, number, (last - first + 1) / DAY_TICKS),
    )


def _price(listing: Listing, level: float) -> Decimal:
    volatility = _VOLATILITY.get(listing.symbol, _VOLATILITY[listing.type])
    return listing.round(Decimal(_seed(listing.symbol).price * (1 + volatility * level)))


def _volume(listing: Listing, number: int, passed: float) -> Decimal:
    """Return the volume after the fraction `passed` of a day; mornings are busier."""
    activity = 0.7 + 0.6 * chance(listing.symbol, number)
    traded = _seed(listing.symbol).daily_volume * activity * passed * (1.3 - 0.3 * passed)
    return Decimal(traded).quantize(_VOLUME_STEP.get(listing.type, _WHOLE))
