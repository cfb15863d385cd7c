"""One connection takes over from another."""

from __future__ import annotations

import pytest

from hoardrun.market.feeds.health import LinkState
from hoardrun.market.feeds.subscriptions import SymbolState
from hoardrun.market.feeds.venue import Limits
from tests.hoardrun.market.feeds.scripted import ScriptedVenue, following, playing


class ShortLived(ScriptedVenue):
    limits = Limits(silence_seconds=20, life_seconds=70, connects=50)


@pytest.mark.parametrize("way", ["the venue asks", "the connection is old"])
async def test_a_planned_change_of_the_connection_leaves_no_hole(way):
    venue = ShortLived if way == "the connection is old" else ScriptedVenue
    async with playing() as server, following(server, "A", "B", venue=venue) as taker:
        await taker.live("A", "B")
        sent: list[int] = []

        def trade():
            """Send the next trade, on both connections while there are two."""
            sent.append(len(sent) + 1)
            server.trade("A", sent[-1])
            taker.take()
            assert taker.session.health.state is LinkState.OPEN

        # Only a connection that has served for a minute is changed without a pause.
        await taker.until(lambda: server.beaten >= 65, trade)
        if way == "the venue asks":
            server.say({"again": "serverShutdown"})
        await taker.until(lambda: len(server.connects) > 1 and len(server.open) == 1, trade)
        await taker.until(lambda: [t.trade_id for t in taker.all("trades")] == sent)
        assert taker.session.health.reconnects >= 1
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
        await server.lose(taker)
        assert taker.session.state("A") is None
        await taker.live("A")
        assert [(lost.symbol, lost.since) for lost in taker.all("lost")] == [("A", last)]


async def test_what_a_successor_does_not_serve_yet_is_a_hole_until_it_does():
    async with playing() as server, following(server, "A", "B") as taker:
        await taker.live("A", "B")
        server.tick("A")
        last = server.tick("B")
        await taker.until(lambda: taker.session.age("B") is not None)
        server.unanswered = {"B"}
        taker.change()
        await taker.until(lambda: len(server.connects) == 2 and len(server.open) == 1)
        assert taker.session.state("B") is SymbolState.SILENT
        assert taker.all("lost") == []
        server.unanswered.clear()
        await taker.live("A", "B")
        assert [(lost.symbol, lost.since) for lost in taker.all("lost")] == [("B", last)]
