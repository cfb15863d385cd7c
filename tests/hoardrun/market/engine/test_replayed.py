"""The true adapter of Kraken, led by this process, against a recording that is played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from hoardrun.market.engine import runtime as runtimes
from hoardrun.market.engine.prices import Accepted, AcceptedBar, Feed, FeedChange, Gap
from hoardrun.market.models import Source, SourceSymbol
from hoardrun.market.recording.faults import parse
from hoardrun.market.recording.format import load
from hoardrun.market.recording.server import ReplayServer
from tests.hoardrun.market.engine.tools import PATIENCE_SECONDS, Taken, running, until
from tests.services.environment import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

CALM = ROOT / "tests/market/recordings/kraken-calm.jsonl"
CONSUMER = "tests.hoardrun.market.engine.tools.Taken"


@pytest.fixture
async def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ReplayServer]:
    """A Kraken of this machine, which is in the middle of a calm hour."""
    settings.REDIS_URL = ""
    monkeypatch.setattr(runtimes, "CONSUMERS", (CONSUMER,))
    async with ReplayServer(load(CALM), rebase="now", begin=1800) as made:
        settings.MARKET = {
            "MARKET_KRAKEN_URL": made.url,
            "MARKET_KRAKEN_API_URL": made.api_url,
        }
        yield made


async def test_bitcoin_is_live_by_the_addresses_of_the_options(server: ReplayServer):
    async with running(["kraken"]) as (kept, _):
        await until(lambda: kept.of("BTC-USD"))
        first = kept.of("BTC-USD")[0]
        assert (first.feed, first.source, first.window) == (Feed.LIVE, "kraken", "rolling_24h")
        assert abs(timezone.now() - first.as_of) < timedelta(minutes=30)
        assert first.volume is not None and first.change is not None
        assert first.low is not None and first.high is not None
        assert first.low <= first.price <= first.high
        await until(lambda: {"ETH-USD", "EUR-USD"} <= kept.symbols)
        items = Taken.last.items
        await until(lambda: any(isinstance(item, AcceptedBar) for item in items))
        await until(lambda: any(isinstance(i, Accepted) and i.size for i in Taken.last.items))
    symbols = {row.venue_symbol: row.role async for row in SourceSymbol.objects.all()}
    assert symbols["BTC/USD"] == "primary"


async def test_a_dead_feed_is_visible(server: ReplayServer):
    async with running(["kraken"]) as (kept, _):
        await until(lambda: kept.of("BTC-USD") and kept.of("BTC-USD")[-1].feed is Feed.LIVE)
        server.lay(parse("half_open"))
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.STALE)
        server.lift()
        await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.LIVE)
        await until(
            lambda: any(isinstance(i, Gap) and i.symbol == "BTC-USD" for i in Taken.last.items)
        )


async def test_a_symbol_that_the_venue_refuses_is_asked_for_no_more(server: ReplayServer):
    server.lay(parse("refuse,symbol=BTC/USD"))
    async with running(["kraken"]) as (kept, _):
        await until(lambda: kept.of("ETH-USD"))
        await until(
            lambda: any(
                isinstance(i, FeedChange) and i.symbol == "BTC-USD" for i in Taken.last.items
            )
        )
        await _refused("BTC/USD")
        assert kept.of("BTC-USD") == []
        assert len(server.connects) == 1
    source = await Source.objects.aget()
    assert source.refused == 1


async def _refused(symbol: str) -> None:
    @database_sync_to_async
    def reason() -> str:
        row = SourceSymbol.objects.filter(venue_symbol=symbol, is_enabled=False).first()
        return row.reason if row else ""

    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await reason()).startswith("refused:"):
            await asyncio.sleep(0.05)
