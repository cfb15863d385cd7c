"""The past of sources, as candles that can be stored. What is called blocks.

A venue's past comes over its HTTP API, within its budget; the simulator's is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from hoardrun.market import simulator
from hoardrun.market.candles import spans
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import Drawn, Values
from hoardrun.market.feeds import VENUES
from hoardrun.market.feeds.events import Bar
from hoardrun.market.feeds.fetching import Fetcher, fetcher_of
from hoardrun.market.options import SIMULATOR
from hoardrun.market.quotes import Listing
from hoardrun.market.scaled import VOLUME_EXPONENT, Unscalable, rounded

_TICK = simulator.TICK_MS * 1000


@dataclass(frozen=True, slots=True)
class Symbol:
    """The names of an instrument at a source."""

    source: str
    venue_symbol: str
    rest_symbol: str
    zone: tzinfo  # of its days


class Past(Protocol):
    """The past of one source."""

    bars: int
    """Candles of each interval that a new installation asks for."""

    @property
    def minutes(self) -> Sequence[int]:
        """The intervals that it has."""

    def candles(
        self, listing: Listing, symbol: Symbol, minutes: int, since: int, until: int
    ) -> Iterator[list[Drawn]]:
        """Yield pages of closed candles that begin in [since, until), ascending.

        Raises FetchFailed; pages that came before hold.
        """


class VenuePast:
    """The past that a venue's HTTP API has."""

    bars = 720  # all that Kraken has

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    @property
    def minutes(self) -> Sequence[int]:
        return self._fetcher.minutes

    def candles(
        self, listing: Listing, symbol: Symbol, minutes: int, since: int, until: int
    ) -> Iterator[list[Drawn]]:
        pages = self._fetcher.bars(
            symbol.venue_symbol,
            symbol.rest_symbol or symbol.venue_symbol,
            minutes,
            spans.begin_of(minutes, since, symbol.zone),
            spans.begin_of(minutes, until, symbol.zone),
        )
        for page in pages:
            found = (drawn_of(bar, listing, symbol) for bar in page)
            yield [drawn for drawn in found if drawn is not None and since <= drawn.bucket < until]


class SimulatedPast:
    """The past of the simulated market."""

    bars = 300  # what a chart shows: it is computed at each first start
    minutes = (1, 60, 1440)

    def candles(
        self, listing: Listing, symbol: Symbol, minutes: int, since: int, until: int
    ) -> Iterator[list[Drawn]]:
        found = []
        bucket = spans.bucket_of(minutes, since)
        while bucket < until:
            if bucket >= since:
                begin = spans.begin_of(minutes, bucket, symbol.zone)
                end = spans.end_of(minutes, bucket, symbol.zone)
                prices = simulator.bar_at(listing, begin // _TICK, end // _TICK)
                values = Values(*(rounded(price, listing.decimals) for price in prices))
                found.append(
                    Drawn(listing.id, minutes, bucket, values, SIMULATOR, True, is_indicative=True)
                )
            bucket = spans.next_bucket(minutes, bucket)
        yield found


def past_of(source: str) -> Past | None:
    """Return the past of a source; None if it has none."""
    if source == SIMULATOR:
        return SimulatedPast()
    fetcher = fetcher_of(source) if source in VENUES else None
    return None if fetcher is None else VenuePast(fetcher)


def drawn_of(bar: Bar, listing: Listing, symbol: Symbol) -> Drawn | None:
    """Make a candle of a venue's closed bar; None for one that cannot be true."""
    decimals = listing.decimals
    try:
        volume = None if bar.volume is None else rounded(bar.volume, VOLUME_EXPONENT)
    except Unscalable:
        volume = None
    try:
        prices = [rounded(each, decimals) for each in (bar.open, bar.high, bar.low, bar.close)]
    except Unscalable:
        return None
    values = Values(prices[0], prices[1], prices[2], prices[3], volume, bar.trades)
    if bar.begin % MINUTE or not values.is_sane():
        return None
    bucket = spans.bucket_of(bar.minutes, bar.begin, symbol.zone)
    return Drawn(listing.id, bar.minutes, bucket, values, symbol.source, is_closed=True)
