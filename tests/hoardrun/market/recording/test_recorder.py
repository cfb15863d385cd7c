"""A session that is recorded is what the venue sent, over cuts too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hoardrun.market.feeds.coinbase.protocol import Coinbase
from hoardrun.market.feeds.kraken.protocol import Kraken
from hoardrun.market.feeds.venue import Venue
from hoardrun.market.recording import recorder as recorder_module
from hoardrun.market.recording.faults import Fault, Kind
from hoardrun.market.recording.format import Header, Writer, load
from hoardrun.market.recording.recorder import LOGIN, Recorder, RecordingFailed
from hoardrun.market.recording.server import ReplayServer
from tests.hoardrun.market.recording.tools import LIMIT_SECONDS
from tests.market.synthetic import RECORDINGS
from tests.market.truth import Deal, deals

CALM, CUT = RECORDINGS / "kraken-calm.jsonl", RECORDINGS / "coinbase-cut.jsonl"
# What is recorded last: refusals, so that one sees that they have come.
LAST = {
    Kraken: '{"method":"subscribe","success":false,"error":"Not supported","symbol":"LAST"}',
    Coinbase: '{"type":"error","message":"Failed","reason":"LAST is not a valid product"}',
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "FIRST_WAIT_SECONDS", 0.02)


@asynccontextmanager
async def recording(
    source: Path, venue: type[Venue], to: Path, *more: str, **options: Any
) -> AsyncGenerator[tuple[ReplayServer, Recorder]]:
    """Play a recording and record it, until the block ends."""
    header = load(source).header
    symbols = (*header.symbols, *more)
    header = Header(venue.name, header.recorded_at, "", "a test", symbols)
    async with ReplayServer(load(source), **options) as server:
        with Writer(to, header) as writer:
            recorder, stop = Recorder(venue, server.url, symbols, writer), asyncio.Event()
            running = asyncio.ensure_future(recorder.run(stop))
            try:
                async with asyncio.timeout(LIMIT_SECONDS):
                    yield server, recorder
                stop.set()
                await running
            finally:
                running.cancel()


async def holds(is_so: Callable[[], Any]) -> None:
    while not is_so():
        await asyncio.sleep(0.005)


def facts(found: list[Deal]) -> set[tuple[object, ...]]:
    return {(d.symbol, d.trade_id, d.at, d.price, d.size) for d in found}


@pytest.mark.parametrize(("source", "venue"), [(CALM, Kraken), (CUT, Coinbase)])
async def test_what_is_recorded_of_a_replay_has_the_same_trades(
    tmp_path: Path, source: Path, venue: type[Venue]
) -> None:
    copy = tmp_path / "copy.jsonl"
    playing = recording(source, venue, copy, is_fast=True, waits=True)
    async with playing as (server, recorder):
        await holds(server.ended.is_set)
        server.send(LAST[venue])
        await holds(lambda: "LAST" in recorder.refused)
    assert facts(deals(source)) - facts(deals(copy)) == set()
    made = load(copy)
    ways = [line.direction for line in made.lines if line.direction in ("open", "close")]
    assert ways == ["open", "close"] * (1 if source == CALM else 2)
    assert (made.lines[0].direction, made.lines[0].text) == ("open", server.url)
    assert LAST[venue] in [line.text for line in made.lines]
    assert any(line.direction == "out" and "subscribe" in line.text for line in made.lines)


async def test_symbols_that_the_venue_refuses_are_named(tmp_path: Path) -> None:
    async with recording(CALM, Kraken, tmp_path / "r", "NOPE/USD") as (_, recorder):
        await holds(lambda: recorder.refused)
    assert recorder.refused == {"NOPE/USD"}
    assert load(tmp_path / "r").lines


async def test_it_connects_again_after_a_refusal_that_may_pass(tmp_path: Path) -> None:
    away = Fault(Kind.AWAY, times=2)
    playing = recording(CALM, Kraken, tmp_path / "r", faults=[away])
    async with playing as (server, recorder):
        await holds(lambda: server.clients and server.clients[0].seat.subscriptions)
    assert recorder.trouble == "kraken answers with the status 503"
    assert len(server.connects) == 3


async def test_it_gives_up_if_it_is_not_let_in(tmp_path: Path) -> None:
    async with ReplayServer(load(CALM)) as server:
        server.lay(Fault(Kind.UNAUTHORISED))
        with Writer(tmp_path / "r", load(CALM).header) as writer:
            recorder = Recorder(Kraken, server.url, ["BTC/USD"], writer)
            with pytest.raises(RecordingFailed, match="kraken answers with the status 401"):
                await asyncio.wait_for(recorder.run(asyncio.Event()), LIMIT_SECONDS)
    assert len(server.connects) == 1


async def test_of_a_login_and_an_address_no_secret_is_written(tmp_path: Path) -> None:
    class Secretive(Kraken):
        def opening(self) -> list[str]:
            return ['{"method":"ping","secret":"hush"}']

    async with ReplayServer(load(CALM)) as server:
        server_url = server.url
        with Writer(tmp_path / "r", load(CALM).header) as writer:
            url = f"{server_url}/v2?key=hush"
            recorder, stop = Recorder(Secretive, url, ["BTC/USD"], writer), asyncio.Event()
            running = asyncio.ensure_future(recorder.run(stop))
            async with asyncio.timeout(LIMIT_SECONDS):
                await holds(lambda: server.clients and server.clients[0].seat.subscriptions)
            stop.set()
            await running
        assert any("hush" in text for _, text in server.received)
    lines = load(tmp_path / "r").lines
    assert [line.text for line in lines if line.direction == "open"] == [f"{server_url}/v2"]
    assert LOGIN in [line.text for line in lines]
    assert "hush" not in (tmp_path / "r").read_text()
