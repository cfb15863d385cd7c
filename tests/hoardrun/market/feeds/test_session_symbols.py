"""A session follows each symbol by itself: refused, silent, quiet, closed, halted."""

from __future__ import annotations

import logging

import pytest

from hoardrun.market.feeds.subscriptions import Change, SymbolState
from hoardrun.market.feeds.venue import Limits
from tests.hoardrun.market.feeds.scripted import Beating, ScriptedVenue, following, playing


class Patient(ScriptedVenue):
    """Its limits are wide enough for a clock that runs fast."""

    limits = Limits(silence_seconds=60, heartbeat_seconds=20)


class Pinging(ScriptedVenue):
    limits = Limits(silence_seconds=20, ping_seconds=10)


@pytest.mark.feed(number=1)
async def test_a_refused_symbol_stays_refused_while_heartbeats_go_on(caplog):
    caplog.set_level(logging.INFO)
    async with (
        playing(refused={"A"}, pace=80.0) as server,
        following(server, "A", "B", venue=Patient, pace=80.0) as taker,
    ):
        await taker.live("B")
        await taker.until(lambda: server.beaten >= 300, lambda: server.tick("B"))  # five minutes
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
        await taker.until(
            lambda: taker.age("A") >= 10 and taker.session.state("A") is not SymbolState.LIVE,
            lambda: server.tick("B"),
        )
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
        beaten = server.beaten
        await taker.until(lambda: server.beaten >= beaten + 25)
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
        following(server, "A", "B", venue=Pinging, quiet_after=lambda _: None) as taker,
    ):
        await taker.live("A", "B")
        await taker.until(lambda: server.pings >= 9)  # 90 s, of which 20 were the limit of silence
        assert taker.session.state("A") is SymbolState.LIVE
        assert len(server.connects) == 1
        assert len(server.asked) == 1
        assert [line for line in caplog.records if line.levelno >= logging.WARNING] == []


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
        beaten = server.beaten
        await taker.until(lambda: server.beaten >= beaten + 30, lambda: server.tick("B"))
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
