"""A recording is played to whoever subscribes, with the faults that are laid over it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hoardrun.market.recording import client as client_module
from hoardrun.market.recording.clock import microseconds
from hoardrun.market.recording.faults import Fault, Kind
from hoardrun.market.recording.format import Recording, load
from hoardrun.market.recording.server import ReplayServer
from hoardrun.market.recording.venues import VenueNotPlayed
from tests.hoardrun.market.recording.tools import LIMIT_SECONDS, get, read, subscribe, until
from tests.market.synthetic import RECORDINGS
from tests.market.truth import deals

SECOND = 1_000_000
BTC, ETH, EUR = "BTC/USD", "ETH/USD", "EUR/USD"


@pytest.fixture(scope="module")
def calm() -> Recording:
    return load(RECORDINGS / "kraken-calm.jsonl")


@pytest.fixture(scope="module")
def cut() -> Recording:
    return load(RECORDINGS / "coinbase-cut.jsonl")


@asynccontextmanager
async def joined(server: ReplayServer, *frames: str) -> AsyncGenerator[ClientConnection]:
    async with asyncio.timeout(LIMIT_SECONDS), connect(server.url, ping_interval=None) as socket:
        for frame in frames:
            await socket.send(frame)
        yield socket


async def holds(is_so: Callable[[], Any]) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while not is_so():
            await asyncio.sleep(0.005)


def of(channel: str, symbol: str, kind: str = "update") -> Callable[[Any], bool]:
    return lambda frame: (
        frame.get("channel") == channel
        and frame.get("type") == kind
        and frame["data"][0]["symbol"] == symbol
    )


async def test_all_trades_of_a_recording_are_played_as_they_were_recorded(calm: Recording) -> None:
    async with (
        ReplayServer(calm, is_fast=True, waits=True) as server,
        joined(server, subscribe("trade", *calm.header.symbols)) as socket,
    ):
        await holds(server.ended.is_set)
        server.send('{"last":true}')
        frames = await until(socket, lambda frame: frame.get("last"))
    played = [frame for frame in frames if frame.get("channel") == "trade"]
    recorded = [read(line.text) for line in calm.lines if '"trade","type":"upd' in line.text]
    assert played == recorded
    assert len(played) > 200


async def test_only_what_is_subscribed_is_sent(calm: Recording) -> None:
    async with (
        ReplayServer(calm, is_fast=True, waits=True) as server,
        joined(server, subscribe("ticker", ETH)) as socket,
    ):
        await holds(server.ended.is_set)
        server.send('{"last":true}')
        frames = await until(socket, lambda frame: frame.get("last"))
    data = [frame for frame in frames if "data" in frame and frame["channel"] != "status"]
    assert {(frame["channel"], frame["data"][0]["symbol"]) for frame in data} == {("ticker", ETH)}


async def test_frames_come_at_their_times(calm: Recording) -> None:
    async with (
        ReplayServer(calm, speed=600) as server,
        joined(server, subscribe("trade", *calm.header.symbols)) as socket,
    ):
        (*_, frame) = await until(socket, of("trade", BTC))
        end = (at := _at(frame)) + 300 * SECOND
        while at < end:
            frame = read(await socket.recv())
            if frame.get("channel") == "trade":
                at = _at(frame)
                assert at <= server.clock.moment


def _at(frame: Any) -> int:
    return microseconds(frame["data"][-1]["timestamp"])


async def test_rebased_the_venue_writes_the_time_of_now(calm: Recording) -> None:
    async with (
        ReplayServer(calm, rebase="now", begin=1800) as server,
        joined(server, subscribe("trade", BTC, snapshot=True)) as socket,
    ):
        (*_, snapshot) = await until(socket, of("trade", BTC, "snapshot"))
        newest = microseconds(snapshot["data"][-1]["timestamp"])
        assert 0 <= time.time_ns() // 1000 - newest < 600 * SECOND
        asked = time.time()  # in another minute than it is afterwards, at times
        bars = (await get(server, "/0/public/OHLC", pair="XBTUSD")).json()["result"]["XXBTZUSD"]
        assert len(bars) in (30, 31, 32)
        assert asked - 60 < bars[-1][0] <= time.time()


async def test_what_lies_before_its_beginning_is_history_alone(calm: Recording) -> None:
    async with (
        ReplayServer(calm, begin=3000, speed=100) as server,
        joined(server, subscribe("trade", *calm.header.symbols)) as socket,
    ):
        (*_, first) = await until(socket, lambda f: f.get("channel") == "trade")
    assert first["data"][0]["timestamp"] > "2026-11-30T13:50:00"


async def test_a_symbol_that_is_refused_leaves_the_others_and_the_heartbeat(
    calm: Recording,
) -> None:
    async with ReplayServer(calm, speed=100, pace=20) as server:
        server.lay(Fault(Kind.REFUSE, symbol=BTC))
        async with joined(server, subscribe("ticker", BTC, ETH, "XBT/USDT")) as socket:
            frames = await until(socket, lambda frame: frame.get("channel") == "heartbeat")
            refused = [f["symbol"] for f in frames if f.get("success") is False]
            assert refused == [BTC, "XBT/USDT"]
            await until(socket, of("ticker", ETH))


async def test_silence_of_a_symbol_lasts_until_it_is_lifted(calm: Recording) -> None:
    async with (
        ReplayServer(calm, speed=200) as server,
        joined(server, subscribe("ticker", BTC, ETH)) as socket,
    ):
        await until(socket, of("ticker", BTC))
        silence = server.lay(Fault(Kind.SILENCE, symbol=BTC))
        server.send('{"laid":true}')
        await until(socket, lambda frame: frame.get("laid"))
        frames = [read(await socket.recv()) for _ in range(8)]
        assert [frame for frame in frames if of("ticker", BTC)(frame)] == []
        assert [frame for frame in frames if of("ticker", ETH)(frame)] != []
        server.lift(silence)
        await until(socket, of("ticker", BTC))


async def test_without_data_only_heartbeats_come(calm: Recording) -> None:
    async with ReplayServer(calm, speed=600, pace=50) as server:
        server.lay(Fault(Kind.SILENCE))
        async with joined(server, subscribe("ticker", BTC)) as socket:
            await until(socket, lambda frame: frame.get("success"))
            frames = [read(await socket.recv()) for _ in range(5)]
    assert frames == [{"channel": "heartbeat"}] * 5


@pytest.mark.parametrize("code", [1006, 1012])
async def test_connections_are_cut_with_a_code(calm: Recording, code: int) -> None:
    async with ReplayServer(calm) as server, joined(server, subscribe("ticker", BTC)) as socket:
        await until(socket, of("ticker", BTC, "snapshot"))
        server.lay(Fault(Kind.CUT, code=code, times=1))
        with pytest.raises(ConnectionClosed):
            while True:
                await socket.recv()
        assert socket.close_code == code
        async with joined(server, subscribe("ticker", BTC)) as again:
            await until(again, of("ticker", BTC, "snapshot"))


async def test_a_half_open_connection_says_and_answers_nothing(calm: Recording) -> None:
    async with (
        ReplayServer(calm, speed=600, pace=20) as server,
        joined(server, subscribe("ticker", BTC)) as socket,
    ):
        await until(socket, of("ticker", BTC))
        server.lay(Fault(Kind.HALF_OPEN))
        pong = asyncio.ensure_future(await socket.ping())
        with pytest.raises(TimeoutError):  # what was under way still comes
            async with asyncio.timeout(0.5):
                while True:
                    await socket.recv()
        assert not pong.done()
        pong.cancel()
        socket.transport.abort()


@pytest.mark.parametrize(
    ("kind", "status", "retry_after"),
    [(Kind.TOO_MANY, 429, "30"), (Kind.UNAUTHORISED, 401, None), (Kind.AWAY, 503, "30")],
)
async def test_handshakes_are_refused(
    calm: Recording, kind: Kind, status: int, retry_after: str | None
) -> None:
    async with ReplayServer(calm) as server:
        server.lay(Fault(kind, seconds=30, times=1))
        with pytest.raises(InvalidStatus) as refused:
            await connect(server.url)
        assert refused.value.response.status_code == status
        assert refused.value.response.headers.get("Retry-After") == retry_after
        async with joined(server) as socket:
            assert read(await socket.recv())["channel"] == "status"
        assert len(server.connects) == 2


async def test_a_connection_is_lost_as_soon_as_it_is_subscribed(calm: Recording) -> None:
    async with ReplayServer(calm, pace=10) as server:
        server.lay(Fault(Kind.DROP_AT_ONCE, times=2))
        for _ in range(2):
            async with joined(server, subscribe("ticker", BTC)) as socket:
                await until(socket, lambda frame: frame.get("success"))
                with pytest.raises(ConnectionClosed):
                    while True:
                        await socket.recv()
        assert server.faults.active(Kind.DROP_AT_ONCE, 0) is None


async def test_maintenance_is_announced_and_ends(calm: Recording) -> None:
    async with (
        ReplayServer(calm, speed=200) as server,
        joined(server, subscribe("ticker", BTC)) as socket,
    ):
        await until(socket, of("ticker", BTC))
        fault = server.lay(Fault(Kind.MAINTENANCE))
        await until(socket, lambda f: f.get("channel") == "status")
        assert (await until(socket, lambda f: True))[-1] == {"channel": "heartbeat"}
        server.lift(fault)
        (*_, status) = await until(socket, lambda f: f.get("channel") == "status")
        assert status["data"][0]["system"] == "online"
        await until(socket, of("ticker", BTC))


async def test_a_frame_is_injected_once(calm: Recording) -> None:
    async with (
        ReplayServer(calm, pace=20) as server,
        joined(server, subscribe("ticker", BTC)) as socket,
    ):
        await until(socket, of("ticker", BTC, "snapshot"))
        server.lay(Fault(Kind.INJECT, text='"odd"'))
        await until(socket, lambda frame: frame == "odd")
        assert server.faults.laid == []


async def test_requests_get_no_answer_while_it_is_deaf(calm: Recording) -> None:
    async with ReplayServer(calm, pace=20) as server:
        server.lay(Fault(Kind.DEAF))
        async with joined(server, subscribe("ticker", BTC)) as socket:
            await holds(lambda: server.received)
            server.send('{"last":true}')
            frames = await until(socket, lambda frame: frame.get("last"))
    assert [frame for frame in frames if "success" in frame] == []


async def test_a_recorded_break_ends_the_connection_and_the_next_one_goes_on(
    cut: Recording,
) -> None:
    symbols = json.dumps(cut.header.symbols)
    ask = f'{{"type":"subscribe","product_ids":{symbols},"channels":["matches"]}}'
    found = set()
    async with ReplayServer(cut, is_fast=True, waits=True) as server:
        async with joined(server, ask) as socket:
            with pytest.raises(ConnectionClosed):
                while True:
                    found.add(number(read(await socket.recv())))
        assert socket.close_code == 1006
        async with joined(server, ask) as socket:
            await holds(server.ended.is_set)
            server.send('{"type":"last"}')
            frames = await until(socket, lambda frame: frame["type"] == "last")
            found |= set(map(number, frames))
    found.discard(None)
    assert found == {(d.symbol, d.trade_id) for d in deals(RECORDINGS / "coinbase-cut.jsonl")}


def number(frame: Any) -> tuple[str, int] | None:
    """Return the symbol and the number of a trade that is no history."""
    return (frame["product_id"], frame["trade_id"]) if frame["type"] == "match" else None


async def test_a_client_that_does_not_read_is_cut(
    calm: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MAX_WAITING", 50)
    async with (
        ReplayServer(calm, pace=20) as server,
        joined(server, subscribe("ticker", BTC)) as socket,
    ):
        await until(socket, of("ticker", BTC, "snapshot"))
        socket.transport.pause_reading()
        for _ in range(200):
            server.send("x" * 100_000)
            await asyncio.sleep(0)
        await holds(lambda: server.counts["slow"])
        socket.transport.abort()


async def test_it_is_steered_from_another_process(calm: Recording) -> None:
    async with ReplayServer(calm, begin=60) as server:
        state = (await get(server, "/replay/lay", fault="silence,symbol=BTC/USD")).json()
        assert state["faults"] == ["silence"]
        assert state["position"] >= 60 * SECOND
        refused = await get(server, "/replay/lay", fault="storm")
        assert refused.status_code == 400
        assert (await get(server, "/replay/lift")).json()["faults"] == []
        assert (await get(server, "/replay/stop")).status_code == 404


async def test_the_http_api_can_be_busy(calm: Recording) -> None:
    async with ReplayServer(calm) as server:
        server.lay(Fault(Kind.HTTP_BUSY, seconds=3, times=1))
        busy = await get(server, "/0/public/AssetPairs")
        assert (busy.status_code, busy.headers["Retry-After"]) == (429, "3")
        assert (await get(server, "/0/public/AssetPairs")).status_code == 200
        assert server.requests["/0/public/AssetPairs"] == 2


async def test_time_begins_with_the_first_contact(calm: Recording) -> None:
    async with ReplayServer(calm, waits=True, speed=1000) as server:
        await asyncio.sleep(0.05)
        assert server.clock.position == 0
        await get(server, "/0/public/AssetPairs")
        await holds(lambda: server.clock.position > 0)


def test_an_unknown_venue_is_refused(calm: Recording) -> None:
    header = type(calm.header)("nasdaq", "2026-11-30T13:00:00Z", "", "", ("A",))
    with pytest.raises(VenueNotPlayed, match="Known are: .*kraken"):
        ReplayServer(Recording(header, calm.lines))
