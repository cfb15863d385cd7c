"""The true adapter of Kraken, led by this process, against a recording that is played."""

from __future__ import annotations

import asyncio
import time
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
from tests.hoardrun.market.engine.tools import PATIENCE_SECONDS, Kept, Taken, running, until
from tests.services.environment import ROOT
from tests.services.ports import in_time

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


def _is_live(kept: Kept) -> bool:
    return any(quote.feed is Feed.LIVE for quote in kept.of("BTC-USD")[-1:])


async def test_bitcoin_is_live_within_five_seconds_by_the_addresses_of_the_options(
    server: ReplayServer,
):
    async def becomes_live() -> float:
        began = time.monotonic()
        async with running(["kraken"]) as (kept, _):
            await until(lambda: _is_live(kept))
            return time.monotonic() - began

    await in_time(5, becomes_live)
    async with running(["kraken"]) as (kept, _):
        await until(lambda: _is_live(kept))
        live = kept.of("BTC-USD")[-1]
        assert (live.source, live.window) == ("kraken", "rolling_24h")
        assert abs(timezone.now() - live.as_of) < timedelta(minutes=30)
        assert live.volume is not None and live.change is not None
        assert live.low is not None and live.high is not None
        assert live.low <= live.price <= live.high
        await until(lambda: {"ETH-USD", "EUR-USD"} <= kept.symbols)
        items = Taken.last.items
        await until(lambda: any(isinstance(item, AcceptedBar) for item in items))
        await until(lambda: any(isinstance(i, Accepted) and i.size for i in Taken.last.items))
    symbols = {row.venue_symbol: row.role async for row in SourceSymbol.objects.all()}
    assert symbols["BTC/USD"] == "primary"


async def test_a_dead_feed_is_visible_within_its_limit(server: ReplayServer):
    async with running(["kraken"]) as (kept, _):

        async def becomes_stale() -> float:
            await until(lambda: _is_live(kept))
            server.lay(parse("half_open"))
            began = time.monotonic()
            await until(lambda: kept.of("BTC-USD")[-1].feed is Feed.STALE)
            took = time.monotonic() - began
            server.lift()
            return took

        await in_time(12, becomes_stale)
        await until(lambda: _is_live(kept))
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
