from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from channels.db import database_sync_to_async

from hoardrun.market.candles import holes
from hoardrun.market.candles.backfill import Missing
from hoardrun.market.candles.builder import Hole
from hoardrun.market.candles.directory import Directory
from hoardrun.market.candles.filler import TRIES, Filler
from hoardrun.market.candles.histories import Symbol
from hoardrun.market.candles.holes import OpenHole
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import Drawn
from hoardrun.market.feeds.fetching import FetchFailed
from hoardrun.market.lease import Held, acquire
from hoardrun.market.models import CandleHole, Instrument
from hoardrun.market.quotes import Listing
from hoardrun.market.selectors import listing_of
from tests.hoardrun.market.candles.prices import NOON, SECOND
from tests.hoardrun.market.candles.rows import drawn, stored
from tests.hoardrun.market.tools import instrument

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 20
run = database_sync_to_async


class Past:
    """A past that has all candles, and notes what it is asked for."""

    bars = 720
    minutes = (1, 60)

    def __init__(self, of: Instrument, *, fails: bool = False) -> None:
        self._of, self._fails = of, fails
        self.asked: list[tuple[int, int, int]] = []

    def candles(
        self, listing: Listing, symbol: Symbol, minutes: int, since: int, until: int
    ) -> Iterator[list[Drawn]]:
        self.asked.append((minutes, since, until))
        if self._fails:
            raise FetchFailed("HTTP 500", 0.0)
        numbers = range((since - NOON) // (minutes * MINUTE), (until - NOON) // (minutes * MINUTE))
        yield [drawn(self._of, number, minutes) for number in numbers]


class Venue:
    """Its time, which the test moves."""

    now = NOON + MINUTE + 10 * SECOND
    first_open: int | None = None

    def clock(self, instrument_id: int) -> int:
        return self.now


@pytest.fixture
def btc(db: Any) -> Instrument:
    return instrument(symbol="BTC-USD", type="crypto", currency="USD")


@asynccontextmanager
async def filling(
    of: Instrument, past: Past, venue: Venue, *missing: Missing
) -> AsyncIterator[Filler]:
    held = await run(led)()
    filler = Filler(venue.clock, lambda _: venue.first_open, lambda _: None)
    filler.pasts["kraken"] = past
    filler.directory = Directory(
        {of.pk: await run(listing_of)(of)},
        {of.pk: UTC},
        {of.pk: [Symbol("kraken", "BTC/USD", "XBTUSD", UTC)]},
    )
    try:
        await filler.begin(held, missing)
        yield filler
    finally:
        await filler.end()


def led() -> Held:
    found = acquire("engine", "test")
    assert found is not None
    return found


async def until(holds: Callable[[], object]) -> None:
    ask = database_sync_to_async(holds)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await ask():
            await asyncio.sleep(0.02)


async def test_a_span_that_runs_is_asked_for_once_when_it_has_ended(btc: Instrument):
    past, venue = Past(btc), Venue()
    hour = Missing(60, Hole(btc.pk, NOON, NOON + 60 * MINUTE))
    minutes = Missing(1, Hole(btc.pk, NOON, NOON + 2 * MINUTE))
    async with filling(btc, past, venue, minutes, hour) as filler:
        await until(lambda: len(stored()) == 1)
        venue.now += MINUTE
        await until(lambda: len(stored()) == 2)
        assert [hole.minutes for hole in filler.untried(60)] == [60]
        venue.now += 60 * MINUTE
        await until(lambda: stored(60))
        await until(lambda: not filler.holes)
    assert past.asked == [
        (1, NOON, NOON + MINUTE),
        (1, NOON + MINUTE, NOON + 2 * MINUTE),
        (60, NOON, NOON + 60 * MINUTE),
    ]


async def test_a_minute_that_is_still_built_is_not_asked_for(btc: Instrument):
    past, venue = Past(btc), Venue()
    venue.now, venue.first_open = NOON + 10 * MINUTE, NOON + 2 * MINUTE
    minutes = Missing(1, Hole(btc.pk, NOON, NOON + 4 * MINUTE))
    hour = Missing(60, Hole(btc.pk, NOON - 60 * MINUTE, NOON))
    async with filling(btc, past, venue, minutes, hour):
        await until(lambda: len(stored()) == 2 and stored(60))
        venue.first_open = None
        await until(lambda: len(stored()) == 4)
    assert past.asked == [
        (1, NOON, NOON + 2 * MINUTE),
        (60, NOON - 60 * MINUTE, NOON),
        (1, NOON + 2 * MINUTE, NOON + 4 * MINUTE),
    ]


async def test_the_backup_is_asked_when_the_primary_has_failed(
    btc: Instrument, monkeypatch: pytest.MonkeyPatch
):
    """Longer candles wait for the first answer only."""
    monkeypatch.setattr(holes, "FIRST_PAUSE_SECONDS", 0.01)
    primary, backup = Past(btc, fails=True), Past(btc)
    missing = Missing(1, Hole(btc.pk, NOON, NOON + MINUTE))
    async with filling(btc, primary, Venue()) as filler:
        symbols = [Symbol(name, "BTC/USD", "XBTUSD", UTC) for name in ("kraken", "coinbase")]
        filler.directory = replace(filler.directory, symbols={btc.pk: symbols})
        filler.pasts["coinbase"] = backup
        await filler.add_missing([missing])
        assert len(filler.untried(1)) == 1
        await until(lambda: CandleHole.objects.filter(tries=TRIES).exists())
        await until(lambda: filler.holes[0].tries == TRIES)
        assert filler.untried(1) == []
        assert not filler.is_whole(1, btc.pk, NOON, NOON + MINUTE)
        await until(lambda: filler._next("coinbase") is not None)
        filling_next = filler._next("coinbase")
        assert filling_next is not None and filling_next.past is backup
        assert filler._next("kraken") is None
    assert len(primary.asked) == TRIES


async def test_what_is_left_is_asked_of_nobody_and_no_longer_candle_is_whole_there(btc: Instrument):
    past, venue = Past(btc), Venue()
    left = Missing(1, Hole(btc.pk, NOON - MINUTE, NOON), is_left=True)
    asked = Missing(1, Hole(btc.pk, NOON, NOON + MINUTE))
    async with filling(btc, past, venue, left, asked) as filler:
        await until(lambda: len(stored()) == 1 and len(filler.holes) == 1)
        assert not filler.is_whole(1, btc.pk, NOON - 5 * MINUTE, NOON)
        assert filler.is_whole(1, btc.pk, NOON, NOON + 5 * MINUTE)
        assert filler.untried(1) == []
    assert past.asked == [(1, NOON, NOON + MINUTE)]


async def test_the_holes_that_were_read_last_stay(btc: Instrument):
    """A read that takes long must not bring back what was there before."""
    old, new = list[OpenHole](), [OpenHole(1, btc.pk, 1, NOON, NOON + MINUTE, 0, True, 0.0)]

    def slow() -> list[OpenHole]:
        time.sleep(0.2)
        return old

    async with filling(btc, Past(btc), Venue()) as filler:
        await asyncio.gather(filler._read(slow), filler._read(lambda: new))
        assert filler.holes == new
