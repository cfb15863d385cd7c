"""A venue's leader, against a server that plays the venue as each test says."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from hoardrun.market.engine.prices import Feed, FeedChange, Gap
from hoardrun.market.engine.times import now
from hoardrun.market.models import Instrument, Quote, Source, TradingSession
from tests.hoardrun.market.engine.scripted import (
    SCALE,
    leading,
    listed,
    moving,
    say,
)
from tests.hoardrun.market.engine.tools import PATIENCE_SECONDS, Taken, until
from tests.hoardrun.market.feeds.scripted import playing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("scripted_venue")]


async def test_its_prices_are_live_at_once_and_stored():
    await listed("BTC-USD", "ETH-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "BTC-USD", "ETH-USD"):
            await until(lambda: kept.of("BTC-USD") and kept.of("ETH-USD"))
            await until(lambda: kept.quotes[-1].feed is Feed.LIVE)
        at = say(server, "BTC-USD", "105.5")
        await until(lambda: str(kept.of("BTC-USD")[-1].price) == "105.50")
        assert kept.of("BTC-USD")[-1].source == "scripted"
        assert Taken.last.prices("BTC-USD")[-1].price == 10550
        assert Taken.last.prices("BTC-USD")[-1].at == at
    row = await Quote.objects.aget(instrument__symbol="BTC-USD")
    assert (row.price, row.source, row.window) == (10550, "scripted", "rolling_24h")
    source = await Source.objects.aget()
    assert source.state == "live"
    assert source.lag_ms is not None and source.lag_ms < 5000


@pytest.mark.feed(number=2)
async def test_a_symbol_that_falls_silent_is_stale_within_its_limit_and_asked_for_anew():
    await listed("BTC-USD", "ETH-USD")
    async with (
        playing() as server,
        leading(server) as (kept, _),
        moving(server, "BTC-USD", "ETH-USD"),
    ):
        await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)
        asked = len(server.asked)
        server.mute.add("B")
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.STALE)
        stale = kept.of("BTC-USD")[-1]
        assert stale.price == kept.of("BTC-USD")[-2].price
        await until(lambda: ["B"] in server.asked[asked:])
        assert kept.of("ETH-USD")[-1].feed is Feed.LIVE
        server.mute.clear()
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)
    assert len(server.connects) == 1


@pytest.mark.feed(number=3)
async def test_at_night_nothing_is_expected_of_a_stock_feed():
    await listed("BTC-USD")
    await _closed("BTC-USD")
    async with playing(beats=False) as server, leading(server) as (kept, _):
        await until(lambda: server.asked)
        say(server, "BTC-USD", 100)  # its last price, which the venue sends to who subscribes
        await until(lambda: kept.of("BTC-USD"))
        await asyncio.sleep(30 / SCALE)
        assert {quote.feed for quote in kept.of("BTC-USD")} == {Feed.CLOSED}
        assert kept.of("BTC-USD")[-1].listing.status == "closed"
        assert len(server.connects) == len(server.asked) == 1
        assert (await Source.objects.aget()).state == "closed"


@database_sync_to_async
def _closed(symbol: str) -> None:
    """Let an instrument trade on a weekday which is neither today nor near."""
    Instrument.objects.filter(symbol=symbol).update(venue_code="NIGHT")
    day = (timezone.now() + timedelta(days=3)).weekday()
    TradingSession.objects.create(
        venue="NIGHT",
        weekday=day,
        opens="09:00",
        closes="15:00",
        timezone="Africa/Nairobi",
        valid_from=timezone.now().date() - timedelta(days=30),
    )


async def test_a_price_that_is_not_believed_is_published_to_nobody():
    await listed("BTC-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "BTC-USD") as last:
            await until(lambda: len(kept.of("BTC-USD")) > 5)
            for number, odd in enumerate(("0", "-1", last[0] * 100)):
                say(server, "BTC-USD", odd)
                # Of tickers only the newest is judged, of trades each one.
                server.say({"trade": "B", "id": number, "price": str(odd), "at": now()})
                await kept.more(3)
            server.say({"tick": "B"})
            await kept.more(3)
        assert {quote.price < 200 for quote in kept.quotes} == {True}
        assert {item.price < 20_000 for item in Taken.last.prices("BTC-USD")} == {True}
    source = await Source.objects.aget()
    assert source.quarantined >= 3
    assert source.odd >= 1


async def test_zeros_with_fresh_times_prove_no_price():
    await listed("BTC-USD", "ETH-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "BTC-USD", "ETH-USD"):
            await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)
        async with moving(server, "ETH-USD"), asyncio.timeout(20):
            while kept.of("BTC-USD")[-1].feed is not Feed.STALE:
                say(server, "BTC-USD", 0)
                await asyncio.sleep(0.05)
        assert kept.of("BTC-USD")[-1].price > 99
        async with moving(server, "BTC-USD"):
            await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)


async def test_a_venue_that_lags_has_no_live_price(settings: Any):
    settings.MARKET = {"MARKET_TIME_SCALE": 1.0}  # else the venue's time goes at its own pace
    await listed("BTC-USD", "ETH-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "ETH-USD"):
            await until(lambda: server.asked and kept.of("ETH-USD"))
            async with asyncio.timeout(20):
                while not kept.of("BTC-USD") or kept.of("BTC-USD")[-1].feed is not Feed.STALE:
                    say(server, "BTC-USD", 100, late_seconds=600)
                    await asyncio.sleep(0.05)
            assert kept.of("ETH-USD")[-1].feed is Feed.LIVE
        async with moving(server, "BTC-USD"):
            await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)


async def test_after_a_lost_connection_comes_a_gap_before_the_next_price():
    await listed("BTC-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "BTC-USD"):
            await until(lambda: len(kept.of("BTC-USD")) > 5)
            await server.drop()
            await until(lambda: any(isinstance(item, Gap) for item in Taken.last.items))
        items = [i for i in Taken.last.items if not isinstance(i, FeedChange)]
        place = next(n for n, item in enumerate(items) if isinstance(item, Gap))
        gap: Any = items[place]
        assert gap.until == items[place + 1].at  # type: ignore[union-attr]
        assert gap.since <= gap.until


async def test_a_time_in_the_future_hides_no_gap(settings: Any):
    settings.MARKET = {"MARKET_TIME_SCALE": 1.0}  # else the venue's time is that of its prices
    await listed("BTC-USD")
    async with playing() as server, leading(server) as (kept, _):
        async with moving(server, "BTC-USD"):
            await until(lambda: len(kept.of("BTC-USD")) > 5)
            server.say({"tick": "B", "price": "100", "at": now() + 3_600_000_000})
            await kept.more(3)
            await server.drop()
            await until(lambda: any(isinstance(item, Gap) for item in Taken.last.items))
        [gap] = [item for item in Taken.last.items if isinstance(item, Gap)]
        assert gap.since < gap.until


@pytest.mark.feed(number=14)
async def test_a_halt_is_said_and_is_no_staleness():
    await listed("BTC-USD", "ETH-USD")
    async with (
        playing() as server,
        leading(server) as (kept, _),
        moving(server, "BTC-USD", "ETH-USD"),
    ):
        await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)
        server.mute.add("B")
        server.say({"halt": "B", "is": True})
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.HALTED)
        assert kept.of("BTC-USD")[-1].listing.status == "halted"
        await kept.more(100)  # of the other: longer than the limit of this one
        assert kept.of("BTC-USD")[-1].feed is Feed.HALTED
        server.say({"halt": "B", "is": False})
        server.mute.clear()
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)


async def test_the_next_leader_knows_of_a_halt():
    await listed("BTC-USD", "ETH-USD")
    async with playing() as server, moving(server, "BTC-USD", "ETH-USD"):
        async with leading(server) as (kept, _):
            await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)
            server.mute.add("B")
            server.say({"halt": "B", "is": True})
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await Quote.objects.filter(feed=Feed.HALTED).acount():
                    await asyncio.sleep(0.05)
        async with leading(server) as (kept, _):
            await until(lambda: kept.of("ETH-USD"))
            await kept.more(20)
            assert {quote.feed for quote in kept.of("BTC-USD")} == {Feed.HALTED}
            server.mute.clear()
            server.say({"halt": "B", "is": False})
            await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)
