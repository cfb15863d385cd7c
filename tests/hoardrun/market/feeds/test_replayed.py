"""The venues' own adapters in a session, against recordings with faults laid over them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hoardrun.market.feeds import venue_named
from hoardrun.market.feeds.session import Session
from hoardrun.market.feeds.subscriptions import SymbolState
from hoardrun.market.recording.faults import Fault, Kind
from hoardrun.market.recording.format import Recording, load
from hoardrun.market.recording.server import ReplayServer
from tests.hoardrun.market.feeds.scripted import Taker
from tests.market.synthetic import RECORDINGS
from tests.market.truth import deals

SPEED = 8.0
BTC, ETH, SHIB = "BTC/USD", "ETH/USD", "SHIB/USD"


def _recording(name: str) -> Recording:
    return load(RECORDINGS / f"{name}.jsonl")


@asynccontextmanager
async def replayed(
    name: str,
    *faults: Fault,
    speed: float = SPEED,
    pace: float | None = None,
    quiet_after: Callable[[str], float | None] = lambda symbol: 10.0,
    **options: Any,
) -> AsyncIterator[tuple[ReplayServer, Taker]]:
    """Run a session of the recording's venue against it."""
    recording, pace = _recording(name), pace or speed
    async with ReplayServer(
        recording, speed=speed, pace=pace, waits=True, faults=faults, **options
    ) as server:
        session = Session(
            venue_named(recording.header.source),
            server.url,
            symbols=lambda: recording.header.symbols,
            quiet_after=quiet_after,
            pace=pace,
        )
        running = asyncio.create_task(session.run())
        try:
            yield server, Taker(session)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _pass(server: ReplayServer, seconds: float) -> None:
    """Wait until so much of the recording has been played."""
    while server.clock.position < seconds * 1_000_000:
        await asyncio.sleep(0.01)


async def test_a_calm_market_with_rare_trades_stays_live_and_has_no_hole():
    async with replayed("kraken-calm") as (server, taker):
        await taker.live(BTC, ETH, SHIB)
        while server.clock.position < 80_000_000:
            taker.take()
            await asyncio.sleep(0.01)
        await taker.until(lambda: max(taker.age(BTC), taker.age(ETH)) < 10)
        assert SymbolState.SILENT not in {change.state for change in taker.all("changes")}
        assert taker.all("lost") == []
        assert len(server.connects) == 1


@pytest.mark.feed(number=1)
async def test_kraken_refuses_a_symbol_and_beats_on(caplog):
    caplog.set_level(logging.INFO)
    async with replayed("kraken-calm", Fault(Kind.REFUSE, SHIB)) as (server, taker):
        await taker.live(BTC, ETH)
        await _pass(server, 40)
        assert taker.session.state(SHIB) is SymbolState.REFUSED
        assert taker.session.state(BTC) is SymbolState.LIVE
        assert len(server.connects) == 1
        assert len([line for line in caplog.records if "refuses SHIB/USD" in line.message]) == 1


@pytest.mark.feed(number=2)
async def test_one_symbol_of_kraken_is_silent_while_others_move():
    async with replayed("kraken-storm", speed=4.0) as (server, taker):
        await taker.live(BTC, ETH)
        await taker.until(lambda: taker.session.age(BTC) is not None)
        fault = server.lay(Fault(Kind.SILENCE, BTC))
        await taker.until(lambda: taker.session.state(BTC) is SymbolState.SILENT)
        await taker.until(lambda: taker.age(BTC) >= 10)
        assert taker.session.state(ETH) is SymbolState.LIVE
        assert len(server.connects) == 1
        asked = [text for _, text in server.received if '"subscribe"' in text]
        assert any(BTC in text and ETH not in text for text in asked)
        server.lift(fault)
        await taker.live(BTC)
        assert {lost.symbol for lost in taker.all("lost")} == {BTC}


async def test_kraken_that_answers_pings_and_sends_nothing_is_left():
    """Pongs are no sign of life of a venue that promises heartbeats."""
    async with replayed("kraken-calm") as (server, taker):
        await taker.live(BTC, ETH, SHIB)
        await _pass(server, 20)
        assert len(server.connects) == 1
        server.lay(Fault(Kind.STILL))
        server.lay(Fault(Kind.SILENCE))
        pings = len([text for _, text in server.received if '"ping"' in text])
        await taker.until(lambda: len(server.connects) == 2)
        assert "no heartbeat and no data for 5 s" in taker.session.health.reason
        assert len([text for _, text in server.received if '"ping"' in text]) > pings


async def test_each_trade_comes_once_through_repeated_frames_and_planned_changes():
    """Those that happen while two connections are open come by both."""
    path = RECORDINGS / "kraken-storm.jsonl"
    faults = (Fault(Kind.DUPLICATE, share=0.3), Fault(Kind.REORDER, share=0.1, seconds=0.5))
    async with replayed("kraken-storm", *faults, speed=30.0, pace=1.0) as (server, taker):
        await taker.live(BTC, ETH)
        changes = 0
        while not server.ended.is_set():
            taker.take()
            if server.clock.position > (changes + 1) * 60_000_000 and len(server.clients) == 1:
                changes += 1
                taker.change()
            await asyncio.sleep(0.01)
        expected = {(deal.symbol, deal.trade_id) for deal in deals(path)}
        await taker.until(
            lambda: {(trade.symbol, trade.trade_id) for trade in taker.all("trades")} == expected
        )
        assert len(taker.all("trades")) == len(expected)
        assert taker.session.health.duplicates > 50
        assert len(server.connects) > 1


async def test_a_break_of_coinbase_is_a_hole_of_each_symbol():
    recording = _recording("coinbase-cut")
    async with replayed("coinbase-cut", speed=200.0, pace=20.0) as (server, taker):
        await taker.until(lambda: len(server.connects) == 2 and taker.session._current is not None)
        await taker.live(*recording.header.symbols)
        await taker.until(
            lambda: {lost.symbol for lost in taker.all("lost")} == set(recording.header.symbols)
        )
        assert taker.take().health.reconnects == 1
