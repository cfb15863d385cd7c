"""A leader without its database, and a source that staff have stopped."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import connection, transaction
from django.db.models import F

from hoardrun.market import lease
from hoardrun.market.engine import term, threads
from hoardrun.market.engine.prices import Feed
from hoardrun.market.models import Lease, Quote, Source
from tests.hoardrun.market.engine.scripted import feeds_of, leading, listed, moving
from tests.hoardrun.market.engine.tools import PATIENCE_SECONDS, until
from tests.hoardrun.market.feeds.scripted import playing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("scripted_venue")]


@pytest.mark.feed(number=13)
async def test_a_database_that_stalls_delays_no_price(settings: Any):
    settings.MARKET = {"MARKET_TIME_SCALE": 1.0}
    await listed("BTC-USD")
    holds, release = threading.Event(), threading.Event()

    def stall() -> None:
        with transaction.atomic():
            Quote.objects.update(epoch=0)
            holds.set()
            release.wait(6 * PATIENCE_SECONDS)

    async with playing() as server, leading(server) as (kept, _), moving(server, "BTC-USD"):
        await until(lambda: kept.of("BTC-USD"))
        async with asyncio.timeout(20):
            while not await Quote.objects.acount():
                await asyncio.sleep(0.1)
        stalling = asyncio.ensure_future(threads.run(stall))
        try:
            await until(holds.is_set)
            # 20 seconds; SQLite locks the lease as well, which must be renewed in its time.
            for _ in range(4 if connection.vendor == "postgresql" else 1):
                await kept.more(100)
            assert kept.quotes[-1].feed is Feed.LIVE
        finally:
            release.set()
            await stalling
        newest = kept.quotes[-1].price
        async with asyncio.timeout(20):
            while (await Quote.objects.aget()).price < newest * 100:
                await asyncio.sleep(0.1)
        assert len(server.connects) == 1


async def test_prices_are_stale_while_the_database_lets_nobody_lead(
    monkeypatch: pytest.MonkeyPatch,
):
    """The leader cannot store its last prices, and nobody waits for that."""
    monkeypatch.setattr(lease, "TTL_SECONDS", 10.0)
    await listed("BTC-USD")
    holds, release = threading.Event(), threading.Event()

    def stall() -> None:
        with transaction.atomic():
            Lease.objects.update(holder=F("holder"))
            list(Quote.objects.select_for_update())
            holds.set()
            release.wait(3 * PATIENCE_SECONDS)

    async with playing() as server, leading(server) as (kept, _), moving(server, "BTC-USD"):
        await until(lambda: kept.quotes and kept.quotes[-1].feed is Feed.LIVE)
        stalling = asyncio.ensure_future(threads.run(stall))
        try:
            await until(holds.is_set)
            await until(lambda: kept.quotes[-1].feed is Feed.STALE)
            await until(lambda: not server.open)
        finally:
            release.set()
            await stalling
        await until(lambda: kept.quotes[-1].feed is Feed.LIVE)


async def test_staff_stop_a_source_and_start_it_again(monkeypatch: pytest.MonkeyPatch):
    """Meanwhile nobody takes its last prices for live ones, however fast they came."""
    monkeypatch.setattr(term, "GATHER_SECONDS", 0.0)
    await listed("BTC-USD")
    row = Quote.objects.filter(instrument__symbol="BTC-USD")
    async with (
        playing() as server,
        leading(server) as (kept, _),
        moving(server, "BTC-USD", pause_seconds=0.0),
    ):
        await until(lambda: kept.quotes and kept.quotes[-1].feed is Feed.LIVE)
        await _stopped(True)
        await until(lambda: kept.quotes[-1].feed is Feed.STALE)
        await until(lambda: not server.open)
        assert feeds_of("BTC-USD")[-1] is Feed.STALE
        async with asyncio.timeout(20):
            while not await row.filter(feed="stale").aexists():
                await asyncio.sleep(0.05)
        await _stopped(False)
        await until(lambda: server.open)
        await until(lambda: kept.quotes[-1].feed is Feed.LIVE)


@database_sync_to_async
def _stopped(is_stopped: bool) -> None:
    Source.objects.update_or_create(name="scripted", defaults={"is_stopped": is_stopped})
