from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from threading import Barrier
from types import FrameType
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import connection
from django.utils import timezone

from hoardrun.market import lease, scaled
from hoardrun.market.engine import runtime as runtimes
from hoardrun.market.engine import threads
from hoardrun.market.engine.prices import Feed, FeedChange, Gap
from hoardrun.market.engine.pricing import micros
from hoardrun.market.engine.runtime import Runtime
from hoardrun.market.errors import FeedNotFound
from hoardrun.market.feeds.fetching import Fetcher
from hoardrun.market.models import Instrument, Lease, Quote, Source
from realtime.outgoing import pacing
from tests.hoardrun.market.engine.tools import PATIENCE_SECONDS, Kept, Taken, running, until

pytestmark = pytest.mark.django_db(transaction=True)

CONSUMER = "tests.hoardrun.market.engine.tools.Taken"


@pytest.fixture(autouse=True)
def _fast(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MARKET = {"MARKET_TIME_SCALE": 4.0}
    # Ten real seconds all the same: no pause of this machine costs a lease.
    monkeypatch.setattr(lease, "TTL_SECONDS", 40.0)
    settings.REDIS_URL = ""
    monkeypatch.setattr(runtimes, "CONSUMERS", (CONSUMER,))


async def test_it_simulates_an_empty_market_says_so_and_stores_the_newest():
    async with running(["simulator"], interval=0.1) as (kept, runtime):
        await until(lambda: len(kept.symbols) == 20 and len(kept.quotes) > 25)
        assert set(runtime.leads) == {"engine", "source:simulator"}
    assert {quote.source for quote in kept.quotes} == {"simulator"}
    assert {quote.feed for quote in kept.quotes} == {Feed.LIVE}
    newest = {quote.listing.id: quote for quote in kept.quotes}
    led = await Lease.objects.aget(name="source:simulator")
    async for row in Quote.objects.select_related("instrument"):
        quote = newest[row.pk]
        assert row.price == scaled.rounded(quote.price, row.instrument.decimals)
        assert (row.source, row.epoch, row.feed) == ("simulator", led.epoch, "live")
    source = await Source.objects.aget()
    assert (source.name, source.state) == ("simulator", "live")


async def test_the_engine_is_given_what_the_rooms_are():
    async with running(["simulator"], interval=0.1) as (kept, _):
        await until(lambda: len(kept.of("BTC-USD")) > 3)
    [changes] = [
        [i.feed for i in Taken.last.items if isinstance(i, FeedChange) and i.symbol == symbol]
        for symbol in ("BTC-USD",)
    ]
    assert set(changes) == {Feed.LIVE}
    sent = [(micros(q.as_of), scaled.scale(q.price, 2)) for q in kept.of("BTC-USD")]
    assert [(item.at, item.price) for item in Taken.last.prices("BTC-USD")] == sent
    assert Taken.last.story == ["begin", "turn", "end"]


async def test_only_one_process_leads_and_the_other_goes_on_where_it_ended():
    async with running(["simulator"], interval=0.1) as (first, _):
        await until(lambda: first.quotes)
        async with running(["simulator"], interval=0.1) as (second, other):
            for _ in range(3):
                await _renewed()
            assert second.quotes == []
            assert other.leads == []
            count = len(first.quotes)
            await until(lambda: len(first.quotes) > count)
    async with running(["simulator"], interval=0.1) as (third, _):
        await until(lambda: third.of("BTC-USD"))
        [gap] = [i for i in Taken.last.items if isinstance(i, Gap) and i.symbol == "BTC-USD"]
        assert gap.since == micros(first.of("BTC-USD")[-1].as_of)
        assert gap.until == micros(third.of("BTC-USD")[0].as_of)


async def test_a_halt_by_staff_is_said_with_the_last_price():
    async with running(["simulator"], interval=0.1) as (kept, _):
        await until(lambda: kept.of("BTC-USD"))
        await Instrument.objects.filter(symbol="BTC-USD").aupdate(status="halted")
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.HALTED)
        at = kept.of("BTC-USD")[-1].as_of
        await until(lambda: kept.quotes[-1].as_of > at + timedelta(seconds=0.5))
        assert kept.of("BTC-USD")[-1].as_of == at
    assert kept.quotes[-1].as_of <= timezone.now()


async def test_prices_are_said_to_be_stale_where_nobody_may_lead(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lease, "TTL_SECONDS", 10.0)
    async with running(["simulator"], interval=0.1) as (kept, runtime):
        await until(lambda: kept.of("BTC-USD"))
        await _rename("market_lease", "market_lease_away")
        try:
            await until(lambda: set(_feeds(kept).values()) == {Feed.STALE})
            await until(lambda: runtime.leads == [])
        finally:
            await _rename("market_lease_away", "market_lease")
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)


def _feeds(kept: Kept) -> dict[str, Feed]:
    return {quote.listing.symbol: quote.feed for quote in kept.quotes}


async def _renewed() -> None:
    """Wait until the lease of the source was renewed."""
    row = Lease.objects.filter(name="source:simulator")
    before = (await row.aget()).expires_at
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await row.aget()).expires_at <= before:
            await asyncio.sleep(0.05)


@database_sync_to_async
def _rename(old: str, new: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")


async def test_it_hears_of_a_new_instrument_while_it_runs():
    async with running(["simulator"], interval=0.1) as (kept, _):
        await until(lambda: kept.quotes)
        await Instrument.objects.acreate(symbol="KLMO", name="K", type="crypto", currency="KES")
        await until(lambda: kept.of("KLMO"))


def test_it_refuses_a_source_that_there_is_not():
    with pytest.raises(FeedNotFound, match="'bloomberg'"):
        Runtime(["bloomberg"])


async def test_its_end_waits_for_no_pause_that_a_venue_asks_for():
    await database_sync_to_async(pacing.hold)("market:kraken", 50)
    async with running(["kraken"], urls={"kraken": "ws://127.0.0.1:9"}):
        await until(lambda: _is_called(Fetcher._wait))
    together = Barrier(threads.SLOW_THREADS)  # none of the threads is left waiting
    await asyncio.gather(*(threads.run_slow(together.wait, 10) for _ in range(together.parties)))


def _is_called(function: Any) -> bool:
    """Say whether some thread is in a function now."""
    for frame in sys._current_frames().values():
        at: FrameType | None = frame
        while at is not None:
            if at.f_code is function.__code__:
                return True
            at = at.f_back
    return False
