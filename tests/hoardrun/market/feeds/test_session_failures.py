"""A connection is given up, and the next one is tried, in time."""

from __future__ import annotations

import asyncio
import itertools
import random
import time

import pytest

from hoardrun.market.feeds.backoff import Backoff
from hoardrun.market.feeds.health import LinkState
from hoardrun.market.feeds.venue import Limits
from tests.hoardrun.market.feeds.scripted import (
    PACE,
    Beating,
    ScriptedVenue,
    following,
    playing,
)


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
    async with (
        playing(closes_at_once=True) as server,
        following(server, "A", venue=Wide, pace=1000.0, draw=random.Random(7)) as taker,
    ):
        await taker.until(lambda: len(server.connects) == 100)
        assert taker.session.health.attempts == 100
    # Nothing but one question each was sent in between, and no pause was shorter than its draw.
    assert server.asked == [["A"]] * len(server.asked)
    assert len(server.asked) in (99, 100)
    delays = [expected.delay() for _ in range(99)]
    for pause, delay in zip(itertools.pairwise(server.connects), delays, strict=True):
        assert (pause[1] - pause[0]) * 1000 >= delay - 0.1
    assert max(delays[:5]) < 8
    assert 50 < max(delays) <= 60


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
        await taker.passes(60)
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
