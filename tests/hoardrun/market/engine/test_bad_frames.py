"""Frames that a venue should not send: counted, and neither a candle nor an alert comes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from itertools import chain
from typing import Any, TypeVar

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.engine import runtime as runtimes
from hoardrun.market.engine.prices import Accepted, AcceptedBar
from hoardrun.market.models import Candle, Source
from hoardrun.market.recording.clock import MINUTE, SECOND, written
from hoardrun.market.recording.format import load
from hoardrun.market.recording.server import ReplayServer
from tests.hoardrun.market.alerts.tools import alert, coin
from tests.hoardrun.market.engine.tools import PATIENCE_SECONDS, Taken, running, until
from tests.market.synthetic import RECORDINGS

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")

LEAST, MOST = 70_000_00, 80_000_00  # of Bitcoin in the recording, in cents
CONSUMER = "tests.hoardrun.market.engine.tools.Taken"


@pytest.fixture
async def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ReplayServer]:
    """A Kraken of this machine where Bitcoin falls."""
    settings.REDIS_URL = ""
    monkeypatch.setattr(runtimes, "CONSUMERS", (*runtimes.CONSUMERS, CONSUMER))
    async with ReplayServer(load(RECORDINGS / "kraken-storm.jsonl"), rebase="now") as made:
        settings.MARKET = {
            "MARKET_SOURCES": ("kraken",),
            "MARKET_KRAKEN_URL": made.url,
            "MARKET_KRAKEN_API_URL": made.api_url,
        }
        yield made


def update(channel: str, fields: str) -> str:
    return f'{{"channel":"{channel}","type":"update","data":[{{{fields}}}]}}'


def trade(price: str, at: int | str, *, symbol: str = "BTC/USD", more: str = "") -> str:
    moment = at if isinstance(at, str) else written(at)
    return update(
        "trade",
        f'"symbol":"{symbol}","side":"buy","price":{price},"qty":0.5,"timestamp":"{moment}"{more}',
    )


def ticker(price: str, at: int) -> str:
    return update("ticker", f'"symbol":"BTC/USD","last":{price},"timestamp":"{written(at)}"')


def bar(low: str, high: str, at: int, *, open: str = "75000.0") -> str:
    return update(
        "ohlc",
        f'"symbol":"BTC/USD","open":{open},"high":{high},"low":{low},"close":75000.0,"volume":1,'
        f'"trades":2,"interval_begin":"{written(at - at % MINUTE)}","interval":1',
    )


def unreadable(now: int) -> list[str]:
    """Return frames that are no JSON, or lack something."""
    return [
        "",
        "no JSON",
        "[]",
        '{"channel":"trade","data":7}',
        update("weather", '"symbol":"BTC/USD"'),
        update("trade", ""),
        update("trade", f'"symbol":"BTC/USD","qty":0.5,"timestamp":"{written(now)}"'),
        update("ticker", '"symbol":"BTC/USD","last":75000.0'),
        update("ohlc", '"symbol":"BTC/USD","open":75000.0'),
        trade('"x"', now),
        trade('"NaN"', now),
        trade("1e400", now),
        trade("75000.0", "yesterday"),
    ]


def unbelievable(now: int) -> list[str]:
    """Return frames whose prices nobody may believe."""
    # The newest ticker counts, and the newest candle of a minute: let it be none of the true ones.
    soon, before = now + 3 * SECOND, now - MINUTE
    return [
        bar("0.0", "75000.0", before),
        bar("75100.0", "74900.0", before),
        bar("75000.0", "7500000.0", before),
        bar("750.0", "75000.0", before),
        bar("75000.0", "75000.0", before, open="7500000.0"),
        bar("75000.0", "75007.5", now + 3600 * SECOND),
        ticker("0.0", soon),
        ticker("-0.1", soon),
        ticker("7500000.0", soon),
        ticker("75002.5", soon + 3600 * SECOND),
        trade("0", now),
        trade("-75000.0", now),
        trade("7500000.0", now),
        trade("750.0", now),
        trade("75001.5", now + 60 * SECOND),
    ]


def out_of_place(now: int, last: Accepted) -> list[str]:
    """Return frames that repeat, go back in time, or are of nobody."""
    return [
        trade("75003.5", last.at, more=f',"trade_id":{last.trade_id}'),
        trade("75004.5", now - 3600 * SECOND),
        ticker("75005.5", now - 3600 * SECOND),
        trade("75006.5", now, symbol="NOPE/USD"),
        trade("75006.5", now, symbol="BTC-USD"),
    ]


NEVER = {75_001_50, 75_002_50, 75_003_50, 75_004_50, 75_005_50, 75_006_50, 75_007_50}


async def test_they_are_counted_and_nothing_else_comes_of_them(server: ReplayServer, alice: User):
    await _with_alerts(alice)
    async with running(["kraken"]) as (kept, _):
        await until(lambda: len(_prices()) > 30 and _traded())
        await _holds(lambda: not PriceAlert.objects.filter(state="pending").exists())
        await _holds(lambda: Source.objects.filter(state="live").exists())
        assert await _of(_counts) == (0, 0)
        now, last = server.clock.moment, _traded()[-1]
        odd, doubted = unreadable(now), unbelievable(now)
        for text in (*odd, *out_of_place(now, last)):
            server.send(text)
        for number in range(len(doubted)):  # one by one: of tickers only the newest is judged
            if '"ohlc"' in doubted[number]:  # it is compared with prices for one more minute
                await until(lambda: server.clock.moment % MINUTE < 45 * SECOND)
            sent = server.clock.moment
            server.send(unbelievable(sent)[number])
            await until(partial(_traded_after, sent))
        await _holds(lambda: sum(_counts()) >= len(odd) + len(doubted))
        before, kept_trades = len(_traded()), await _of(_trades_kept)
        await until(lambda: len(_traded()) > before)
        await _holds(lambda: _trades_kept() > kept_trades)
        await _holds(lambda: PriceAlert.objects.filter(state="fired").exists())
        assert await _of(_counts) == (len(odd), len(doubted))
        assert len(server.connects) == 1
    told = {int(quote.price * 100) for quote in kept.of("BTC-USD")}
    for found in (told, set(_prices()), await _of(_candles)):
        assert found
        assert all(LEAST < price < MOST for price in found)
        assert not NEVER & found
    states = [row.state async for row in PriceAlert.objects.order_by("pk")]
    assert states == ["armed", "armed", "fired"]


@database_sync_to_async
def _with_alerts(user: User) -> None:
    """Create alerts: wrong prices would fire the first two, true ones fire the last."""
    found = coin("77340.10")
    found.base = "BTC"
    found.save()
    alert(user, "100000")
    alert(user, "50000", kind="price_below")
    alert(user, "77300", kind="price_below")


async def _of(read: Callable[[], T]) -> T:
    return await database_sync_to_async(read)()


async def _holds(ready: Callable[[], object]) -> None:
    """Wait until something holds of the database."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await _of(ready):
            await asyncio.sleep(0.05)


def _counts() -> tuple[int, int]:
    row = Source.objects.get()
    return row.odd, row.quarantined


def _trades_kept() -> int:
    return sum(candle.trades or 0 for candle in Candle.objects.filter(minutes=1))


def _candles() -> set[int]:
    return set(chain(*Candle.objects.values_list("open", "high", "low", "close")))


def _prices() -> list[int]:
    """Return the accepted prices of Bitcoin, those of its candles too."""
    found = [item.price for item in Taken.last.prices("BTC-USD")]
    for item in Taken.last.items:
        if isinstance(item, AcceptedBar) and item.symbol == "BTC-USD":
            found += [item.open, item.high, item.low, item.close]
    return found


def _traded_after(moment: int) -> bool:
    return _traded()[-1].at > moment


def _traded() -> list[Accepted]:
    return [item for item in Taken.last.prices("BTC-USD") if item.trade_id is not None]
