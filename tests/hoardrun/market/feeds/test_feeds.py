from __future__ import annotations

from dataclasses import replace

import pytest

from hoardrun.market.errors import FeedNotFound, InvalidInterval
from hoardrun.market.feeds import FEEDS, VENUES, feed_named, venue_named
from hoardrun.market.feeds.simulator import Ticker, quotes
from hoardrun.market.quotes import LiveQuote
from tests.hoardrun.market.test_simulator import LISTINGS
from tests.hoardrun.market.tools import TICK


def _ticks(ticker: Ticker, count: int) -> list[list[LiveQuote]]:
    return [ticker.batch(LISTINGS, TICK + 5 * number) for number in range(count)]


@pytest.mark.parametrize("name", FEEDS)
def test_it_finds_every_feed(name: str):
    assert callable(feed_named(name))


@pytest.mark.parametrize("name", VENUES)
def test_it_finds_every_venue(name: str):
    venue = venue_named(name)()
    assert venue.name == name
    assert venue.types
    assert venue.history is not None


def test_it_names_the_venues_there_are():
    with pytest.raises(FeedNotFound, match="'bloomberg'.*kraken"):
        venue_named("bloomberg")


def test_it_names_the_feeds_there_are():
    with pytest.raises(FeedNotFound, match="'bloomberg'.*simulator"):
        feed_named("bloomberg")


def test_it_begins_with_everything_and_goes_on_with_what_changed():
    first, *later = _ticks(Ticker(), 40)
    assert len(first) == len(LISTINGS)
    prices = {quote.listing.symbol: quote.price for quote in first}
    for batch in later:
        for quote in batch:
            assert quote.price != prices[quote.listing.symbol]
            prices[quote.listing.symbol] = quote.price
    sizes = {len(batch) for batch in later}
    assert len(sizes) > 3
    assert 0 < max(sizes) < len(LISTINGS)


def test_it_picks_the_same_symbols_in_every_process():
    assert _ticks(Ticker(), 8) == _ticks(Ticker(), 8)


def test_it_leaves_a_closed_instrument_alone_once_it_said_so():
    ticker = Ticker()
    _ticks(ticker, 10)
    closed = replace(LISTINGS[0], status="closed")
    said = [ticker.batch([closed], TICK + 5 * number) for number in range(10, 60)]
    assert [quote.listing.status for batch in said for quote in batch] == ["closed"]


@pytest.mark.parametrize("interval", [0, -1, 0.05, 86_400, float("nan")])
async def test_it_refuses_an_interval_it_cannot_keep(interval: float):
    with pytest.raises(InvalidInterval, match="every"):
        await anext(quotes(lambda: LISTINGS, interval=interval))


async def test_it_goes_on_by_itself():
    batches = quotes(lambda: LISTINGS, interval=0.1)
    first, second = await anext(batches), await anext(batches)
    assert len(first) == len(LISTINGS)
    assert second[0].as_of > first[0].as_of
    await batches.aclose()
