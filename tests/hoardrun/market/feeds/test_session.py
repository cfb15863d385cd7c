"""A session hands over what its venue says, each thing once, and names what it has missed."""

from __future__ import annotations

import pytest

from hoardrun.market.feeds.events import Odd
from hoardrun.market.feeds.health import LinkState
from hoardrun.market.feeds.latest import MAX_TRADES
from hoardrun.market.feeds.subscriptions import Change, SymbolState
from tests.hoardrun.market.feeds.scripted import ScriptedVenue, following, playing


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


async def test_what_was_missed_while_it_was_cut_off_is_named_once_it_is_back():
    async with playing() as server, following(server, "A", "B") as taker:
        await taker.live("A", "B")
        last = server.tick("A")
        await taker.until(lambda: taker.session.age("A") is not None)
        assert taker.all("lost") == []
        await server.lose(taker)
        assert taker.session.state("A") is None
        await taker.live("A", "B")
        assert [(lost.symbol, lost.since) for lost in taker.all("lost")] == [("A", last)]
        assert taker.take().health.reconnects == 1


async def test_a_second_cut_before_any_data_keeps_the_hole_of_the_first():
    async with playing() as server, following(server, "A") as taker:
        await taker.live("A")
        last = server.tick("A")
        await taker.until(lambda: taker.session.age("A") is not None)
        for count in (1, 2):
            await server.lose(taker)
            await taker.live("A")
            assert taker.session.health.reconnects == count
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
