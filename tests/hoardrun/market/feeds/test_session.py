"""Sessions against a server that behaves as venues do when they behave badly."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import time

import pytest

from hoardrun.market.feeds.backoff import Backoff
from hoardrun.market.feeds.events import Odd
from hoardrun.market.feeds.health import LinkState
from hoardrun.market.feeds.latest import MAX_TRADES
from hoardrun.market.feeds.subscriptions import Change, SymbolState
from hoardrun.market.feeds.venue import Limits
from tests.hoardrun.market.feeds.scripted import PACE, ScriptedVenue, following, playing


class Beating(ScriptedVenue):
    """It promises a heartbeat each second, as Kraken does."""

    limits = Limits(silence_seconds=20, heartbeat_seconds=5, ping_seconds=10)


class ShortLived(ScriptedVenue):
    limits = Limits(silence_seconds=20, life_seconds=70, connects=50)


class Mistaken(ScriptedVenue):
    def read(self, text):
        raise KeyError("symbol")


async def test_it_hands_over_the_newest_price_of_each_symbol():
    async with playing() as server, following(server, "A", "B", "C") as taker:
        await taker.live("A", "B", "C")
        for _ in range(3):
            server.tick("A")
        last = server.tick("A")
        other = server.tick("B")
        await taker.until(
            lambda: taker.session.wake.is_set() and taker.session.age("B") is not None
        )
        turn = taker.take()
        assert [(item.symbol, item.at) for item in turn.tickers] == [("A", last), ("B", other)]
        assert turn.health.state is LinkState.OPEN
        assert set(turn.changes) == {Change(symbol, SymbolState.LIVE) for symbol in "ABC"}
        assert taker.take().tickers == []
        assert server.asked == [["A", "B"], ["C"]]


async def test_it_follows_what_is_wanted_now():
    wanted = ["A"]
    async with playing() as server, following(server) as taker:
        taker.session._shared.symbols = lambda: wanted
        await taker.live("A")
        wanted[:] = ["B"]
        await taker.live("B")
        assert server.ended == [["A"]]
        assert taker.session.state("A") is None


@pytest.mark.feed(number=1)
async def test_a_refused_symbol_stays_refused_while_heartbeats_go_on(caplog):
    caplog.set_level(logging.INFO)
    async with (
        playing(refused={"A"}) as server,
        following(server, "A", "B", venue=Beating) as taker,
    ):
        await taker.live("B")
        start = time.monotonic()
        while time.monotonic() - start < 60 / PACE:  # a minute of heartbeats
            server.tick("B")
            await asyncio.sleep(0.02)
        assert taker.session.state("A") is SymbolState.REFUSED
        assert Change("A", SymbolState.REFUSED, "unknown pair") in taker.all("changes")
        assert taker.session.state("B") is SymbolState.LIVE
        assert len(server.connects) == 1
        assert [symbols for symbols in server.asked if "A" in symbols] == [["A", "B"]]
        assert [line.message for line in caplog.records if "refuses" in line.message] == [
            "market: scripted refuses A: unknown pair"
        ]
        await server.drop()  # and a new connection does not ask for it again
        await taker.until(lambda: len(server.connects) == 2 and taker.session.state("B") == "live")
        assert server.asked[-1] == ["B"]
        server.refused.clear()
        taker.session.reset()
        await taker.live("A")


@pytest.mark.feed(number=2)
async def test_a_symbol_that_falls_silent_is_stale_and_asked_for_anew_alone():
    async with (
        playing() as server,
        following(server, "A", "B", venue=Beating, quiet_after=lambda _: 10.0) as taker,
    ):
        await taker.live("A", "B")
        last = server.tick("A")
        await taker.until(lambda: taker.session.age("A") is not None)
        server.mute = {"A"}
        while taker.age("A") < 10 or taker.session.state("A") is SymbolState.LIVE:
            server.tick("B")
            await asyncio.sleep(0.01)
        assert taker.session.state("A") is SymbolState.SILENT
        assert taker.session.state("B") is SymbolState.LIVE
        assert ["A"] in server.asked and ["A"] in server.ended
        assert not any("B" in symbols for symbols in server.ended)
        assert len(server.connects) == 1
        server.mute = set()
        server.tick("A")
        await taker.live("A")
        assert [(lost.symbol, lost.since) for lost in taker.all("lost")] == [("A", last)]


async def test_a_quiet_market_is_proven_by_heartbeats():
    async with (
        playing() as server,
        following(server, "A", "B", venue=Beating, quiet_after=lambda _: 10.0) as taker,
    ):
        await taker.live("A", "B")
        server.tick("A")
        await taker.until(lambda: taker.session.age("A") is not None)
        await asyncio.sleep(25 / PACE)
        assert taker.session.state("A") is SymbolState.LIVE
        await taker.until(lambda: taker.age("A") < 3)
        assert taker.session.age("B") is None
        server.say({"is": "maintenance"})
        await taker.until(lambda: taker.age("A") > 10)
        assert taker.take().health.words == "maintenance"


@pytest.mark.feed(number=3)
async def test_a_closed_market_that_sends_nothing_keeps_its_connection(caplog):
    async with (
        playing(beats=False) as server,
        following(server, "A", "B", quiet_after=lambda _: None) as taker,
    ):
        await taker.live("A", "B")
        await asyncio.sleep(90 / PACE)  # more than four times the limit of silence
        assert taker.session.state("A") is SymbolState.LIVE
        assert len(server.connects) == 1
        assert len(server.asked) == 1
        assert [line for line in caplog.records if line.levelno >= logging.WARNING] == []


async def test_a_connection_without_promised_heartbeats_is_dead_though_it_answers_pings():
    async with playing() as server, following(server, "A", venue=Beating) as taker:
        await taker.live("A")
        server.beats = False
        await taker.until(lambda: len(server.connects) == 2)
        assert "no heartbeat and no data for 5 s" in taker.take().health.reason


async def test_a_half_open_connection_is_found_dead():
    async with playing(beats=False) as server:
        relay = await _relay(server)
        async with relay.listening, following(server, "A") as taker:
            await taker.live("A")
            relay.holds = True
            await taker.until(lambda: "no sign of life" in taker.take().health.reason)


@pytest.mark.feed(number=6)
async def test_a_storm_of_drops_is_met_with_growing_delays():
    class Wide(ScriptedVenue):
        limits = Limits(silence_seconds=20, connects=1000)

    expected = Backoff(random.Random(7))
    async with playing(closes_at_once=True) as server:
        used, start = time.process_time(), time.monotonic()
        async with following(server, "A", venue=Wide, pace=200.0, draw=random.Random(7)) as taker:
            await taker.until(lambda: len(server.connects) == 20)
        cpu, took = time.process_time() - used, time.monotonic() - start
    delays = [expected.delay() for _ in range(19)]
    for pause, delay in zip(itertools.pairwise(server.connects), delays, strict=True):
        assert (pause[1] - pause[0]) * 200 >= delay - 0.1
    assert max(delays) > 50
    assert cpu < took / 2


@pytest.mark.feed(number=6)
async def test_a_storm_of_drops_stays_within_the_venues_budget_of_connects():
    class Narrow(ScriptedVenue):
        limits = Limits(silence_seconds=20, connects=8, connects_seconds=600)

    start, draw = time.monotonic(), random.Random(7)
    async with (
        playing(closes_at_once=True) as server,
        following(server, "A", venue=Narrow, pace=400.0, draw=draw) as taker,
    ):
        await taker.until(lambda: len(server.connects) == 17)
    assert (server.connects[8] - start) * 400 >= 600
    assert (server.connects[16] - start) * 400 >= 1200


@pytest.mark.feed(number=6)
async def test_the_venue_says_when_to_come_again():
    async with playing(status=(429, {"Retry-After": "100"})) as server, following(server, "A") as t:
        await t.until(lambda: t.session.health.state is LinkState.WAITING)
        assert t.session.health.reason == "not connected: HTTP 429"
        server.status = None
        await t.live("A")
        assert (server.connects[1] - server.connects[0]) * PACE >= 99


@pytest.mark.feed(number=6)
@pytest.mark.parametrize(
    "failure",
    [
        {"status": (401, {})},
        {"status": (403, {})},
        {"greeting": [{"fail": "wrong key", "fatal": True}]},
    ],
)
async def test_a_refused_login_is_tried_once_until_the_configuration_changes(failure):
    async with playing(**failure) as server, following(server, "A") as taker:
        await taker.until(lambda: taker.session.health.state is LinkState.STOPPED)
        await asyncio.sleep(60 / PACE)
        assert len(server.connects) == 1
        assert taker.take().health.reason in (
            "not connected: HTTP 401",
            "not connected: HTTP 403",
            "wrong key",
        )
        server.status, server.greeting = None, []
        taker.session.reset()
        await taker.live("A")


async def test_another_failure_of_the_session_is_tried_again():
    busy = {"fail": "busy", "fatal": False}
    async with playing(greeting=[busy]) as server, following(server, "A") as taker:
        await taker.until(lambda: len(server.connects) > 2)
        server.greeting = []
        await taker.live("A")


async def test_a_server_that_is_away_is_waited_for():
    async with playing() as server:
        url = server.url
    async with following(server, "A") as taker:
        await taker.until(lambda: taker.session.health.attempts > 2)
        assert taker.take().health.reason.startswith("not connected: ")
        assert url == server.url


async def test_what_was_missed_while_it_was_cut_off_is_named_once_it_is_back():
    async with playing() as server, following(server, "A", "B") as taker:
        await taker.live("A", "B")
        last = server.tick("A")
        await taker.until(lambda: taker.session.age("A") is not None)
        assert taker.all("lost") == []
        await server.drop()
        await taker.until(lambda: taker.session.health.state is not LinkState.OPEN)
        assert taker.session.state("A") is None
        await taker.live("A", "B")
        assert [(lost.symbol, lost.since) for lost in taker.all("lost")] == [("A", last)]
        assert taker.take().health.reconnects == 1


async def test_a_second_cut_before_any_data_keeps_the_hole_of_the_first():
    async with playing() as server, following(server, "A") as taker:
        await taker.live("A")
        last = server.tick("A")
        await taker.until(lambda: taker.session.age("A") is not None)
        for count in (2, 3):
            await server.drop()
            await taker.until(lambda: taker.session.health.state is not LinkState.OPEN)
            await taker.live("A")
            assert len(server.connects) == count
            assert [(lost.symbol, lost.since) for lost in taker.take().lost] == [("A", last)]


async def test_a_trade_counts_once_also_after_a_new_connection():
    async with playing() as server, following(server, "A") as taker:
        await taker.live("A")
        for number in (1, 2, 2, 3):
            server.trade("A", number)
        await taker.until(lambda: taker.session.health.duplicates == 1)
        await server.drop()
        await taker.until(lambda: len(server.connects) == 2)
        await taker.live("A")
        for number in (2, 3, 4):  # the venue repeats its history
            server.trade("A", number)
        await taker.until(lambda: taker.session.health.duplicates == 3)
        assert [trade.trade_id for trade in taker.all("trades")] == [1, 2, 3, 4]


@pytest.mark.parametrize("way", ["the venue asks", "the connection is old"])
async def test_a_planned_change_of_the_connection_leaves_no_hole(way):
    venue = ShortLived if way == "the connection is old" else ScriptedVenue
    async with playing() as server, following(server, "A", "B", venue=venue) as taker:
        await taker.live("A", "B")
        numbers = itertools.count(1)
        start, sent = time.monotonic(), []
        asked = False
        while len(server.connects) < 2 or len(server.open) > 1 or time.monotonic() - start < 4:
            sent.append(next(numbers))
            server.trade("A", sent[-1])  # on both connections while there are two
            await asyncio.sleep(0.01)
            assert time.monotonic() - start < 20
            if not asked and time.monotonic() - start > 65 / PACE:
                asked = True
                if way == "the venue asks":
                    server.say({"again": "serverShutdown"})
            assert taker.session.health.state is LinkState.OPEN or not taker.turns
            taker.take()
        await taker.until(lambda: [t.trade_id for t in taker.all("trades")] == sent)
        assert len(server.connects) == 2
        assert taker.all("lost") == []
        assert taker.session.state("A") is SymbolState.LIVE


async def test_a_successor_that_fails_leaves_the_connection_as_it_is():
    async with playing() as server, following(server, "A") as taker:
        await taker.live("A")
        server.status = (503, {"Retry-After": "1"})
        taker.change()
        await taker.until(lambda: len(server.connects) > 3)
        at = server.tick("A")
        await taker.until(lambda: at in [ticker.at for ticker in taker.all("tickers")])
        server.status = None
        await taker.until(lambda: taker.session.health.reconnects == 1 and len(server.open) == 1)
        await taker.live("A")
        assert taker.all("lost") == []


async def test_a_connection_that_breaks_before_its_successor_serves_leaves_a_hole():
    async with playing() as server, following(server, "A") as taker:
        await taker.live("A")
        last = server.tick("A")
        await taker.until(lambda: taker.session.age("A") is not None)
        server.status = (503, {"Retry-After": "1"})
        taker.change()
        await taker.until(lambda: len(server.connects) > 1)
        await server.drop()
        server.status = None
        await taker.until(lambda: taker.session.state("A") is None)
        await taker.live("A")
        assert [(lost.symbol, lost.since) for lost in taker.all("lost")] == [("A", last)]


@pytest.mark.feed(number=13)
async def test_reading_goes_on_while_nobody_takes():
    async with playing() as server, following(server, "A", "B") as taker:
        await taker.live("A", "B")
        connection = server.open[0]
        for number in range(MAX_TRADES + 5000):
            await connection.send(
                f'{{"trade": "A", "id": {number + 1}, "price": "1", "at": {number + 1}}}'
            )
            if number % 10 == 0:
                await connection.send(f'{{"tick": "B", "price": "1", "at": {number + 1}}}')
        await connection.send(f'{{"tick": "B", "price": "2", "at": {10**6}}}')
        await taker.until(lambda: taker.session._shared.latest.at("B") == 10**6)
        turn = taker.take()
        assert len(turn.trades) == MAX_TRADES
        assert [ticker.at for ticker in turn.tickers] == [10**6]
        assert turn.health.dropped == 5000
        assert [(lost.symbol, lost.since) for lost in turn.lost] == [("A", 1)]
        assert len(server.connects) == 1


@pytest.mark.feed(number=14)
async def test_a_halt_is_handed_over_and_nothing_is_expected_meanwhile():
    halted = set()
    async with (
        playing() as server,
        following(
            server, "A", "B", quiet_after=lambda name: None if name in halted else 10.0
        ) as taker,
    ):
        await taker.live("A", "B")
        server.tick("A")
        server.say({"halt": "A", "is": True})
        await taker.until(lambda: [halt.symbol for halt in taker.all("halts")] == ["A"])
        halted.add("A")
        start = time.monotonic()
        while time.monotonic() - start < 30 / PACE:
            server.tick("B")
            await asyncio.sleep(0.01)
        assert taker.session.state("A") is SymbolState.LIVE
        assert len(server.asked) == 1


async def test_a_symbol_that_is_not_answered_is_silent_and_asked_for_again():
    async with playing(unanswered={"A"}) as server, following(server, "A", "B") as taker:
        await taker.live("B")
        await taker.until(lambda: taker.session.state("A") is SymbolState.SILENT)
        assert Change("A", SymbolState.SILENT, "The venue did not answer.") in taker.all("changes")
        server.unanswered.clear()
        await taker.live("A")
        assert ["A"] in server.asked


async def test_what_cannot_be_read_is_counted_and_changes_nothing(caplog):
    async with playing() as server, following(server, "A") as taker:
        await taker.live("A")
        for _ in range(3):
            server.say({"what": "?"})
        await taker.until(lambda: taker.session.health.odd == 3)
        assert taker.take().health.odd_reason == "unknown"
        assert len([line for line in caplog.records if "cannot be read" in line.message]) == 1
        assert len(server.connects) == 1


async def test_an_adapter_with_a_mistake_loses_a_frame_and_not_the_connection():
    async with playing() as server, following(server, "A", venue=Mistaken) as taker:
        await taker.until(lambda: taker.session.health.odd > 3)
        assert len(server.connects) == 1
        assert Odd("The adapter failed.").why == taker.take().health.odd_reason


class _Relay:
    holds = False
    listening: asyncio.Server


async def _relay(server):
    """Put a relay before a server, which then can swallow everything, as a cut cable does."""
    relay = _Relay()
    host, port = server.url.removeprefix("ws://").split(":")

    async def pump(reader, writer):
        while data := await reader.read(65536):
            if not relay.holds:
                writer.write(data)
        writer.close()

    async def accept(reader, writer):
        there, out = await asyncio.open_connection(host, int(port))
        try:
            await asyncio.gather(pump(reader, out), pump(there, writer), return_exceptions=True)
        finally:
            writer.close()
            out.close()

    relay.listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    server.url = f"ws://127.0.0.1:{relay.listening.sockets[0].getsockname()[1]}"
    return relay
