"""The newest prices that came by file: no leader tells the engine of them."""

from __future__ import annotations

from hoardrun.market.alerts.numbers import price_of
from hoardrun.market.alerts.times import microseconds_of
from hoardrun.market.engine.prices import Accepted, Feed
from hoardrun.market.feeds.daily.layouts import LAYOUTS
from hoardrun.market.quotes import LiveQuote
from hoardrun.market.scaled import VOLUME_EXPONENT, Unscalable, rounded
from hoardrun.market.selectors import quote_list


def imported_list() -> list[Accepted]:
    """Return the newest price of each instrument that is priced once a day, unless it is halted."""
    return [_accepted(quote) for quote in quote_list() if is_imported(quote)]


def is_imported(quote: LiveQuote) -> bool:
    """Say whether a quote came by file, and can be trusted as one that is delayed."""
    return quote.source in LAYOUTS and quote.feed is Feed.DELAYED


def _accepted(quote: LiveQuote) -> Accepted:
    try:
        volume = None if quote.volume is None else rounded(quote.volume, VOLUME_EXPONENT)
    except Unscalable:
        volume = None
    listing, at = quote.listing, microseconds_of(quote.as_of)
    return Accepted(
        listing.id, listing.symbol, price_of(quote), at, quote.source, day_volume=volume
    )
