from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hoardrun.market.engine import leader as leaders
from hoardrun.market.engine.leader import EngineLeader
from hoardrun.market.engine.prices import Accepted, Gap, Item
from hoardrun.market.lease import Held, Overtaken
from tests.hoardrun.market.engine.tools import Taken, until

HELD = Held("engine", 7, "this process")


def price(at: int) -> Accepted:
    return Accepted(1, "BTC-USD", 100, at, "kraken")


class Slow(Taken):
    """Begins once it may, and takes prices before that only in a mistake."""

    def __init__(self) -> None:
        super().__init__()
        self.may_begin = asyncio.Event()
        self.held: object = None

    async def begin(self, held: object) -> None:
        await self.may_begin.wait()
        self.held = held
        await super().begin(held)


class Faulty(Taken):
    def take(self, items: Sequence[Item]) -> None:
        raise RuntimeError("cannot take")

    async def turn(self) -> None:
        await super().turn()
        raise RuntimeError("cannot turn")


@asynccontextmanager
async def leading(*consumers: Taken) -> AsyncIterator[tuple[EngineLeader, asyncio.Task[None]]]:
    leader = EngineLeader(consumers)
    work = asyncio.ensure_future(leader.run(HELD))
    try:
        yield leader, work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_prices_wait_until_all_have_begun():
    first, slow = Taken(), Slow()
    async with leading(first, slow) as (leader, _):
        leader.take([price(1)])
        await until(lambda: first.story)
        assert first.items == slow.items == []
        slow.may_begin.set()
        await until(lambda: "turn" in slow.story)
        leader.take([price(2)])
        assert first.items == slow.items == [price(1), price(2)]
        assert slow.held == HELD
    assert first.story == slow.story == ["begin", "turn", "end"]


async def test_what_does_not_fit_meanwhile_is_a_gap(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leaders, "MAX_WAITING", 3)
    slow = Slow()
    async with leading(slow) as (leader, _):
        leader.take([price(at) for at in (1, 2, 3, 4)])
        leader.take([price(5)])
        slow.may_begin.set()
        await until(lambda: slow.items)
    assert slow.items == [Gap(1, "BTC-USD", "kraken", 1, 5), price(5)]


async def test_a_mistake_of_one_consumer_stops_no_other(caplog: Any):
    faulty, well = Faulty(), Taken()
    async with leading(faulty, well) as (leader, work):
        await until(lambda: "turn" in well.story and "turn" in faulty.story)
        leader.take([price(1)])
        assert well.items == [price(1)]
        assert not work.done()
    assert "Faulty failed to take prices" in caplog.text
    assert "a turn of Faulty failed" in caplog.text


async def test_a_consumer_that_was_overtaken_ends_the_term():
    class Late(Taken):
        async def turn(self) -> None:
            await super().turn()
            raise Overtaken("epoch 7 is over")

    late, other = Late(), Taken()
    async with leading(late, other) as (_, work):
        with pytest.raises(Overtaken):
            await asyncio.wait_for(work, 10)
    assert late.story[-1] == other.story[-1] == "end"


async def test_what_ends_is_not_broken_off_by_a_second_word_to_end():
    class Slow(Taken):
        def __init__(self) -> None:
            super().__init__()
            self.may_end = asyncio.Event()

        async def end(self) -> None:
            self.story.append("ending")
            await self.may_end.wait()
            await super().end()

    slow, other = Slow(), Taken()
    async with leading(slow, other) as (_, work):
        await until(lambda: "turn" in other.story)
        work.cancel()
        await until(lambda: "ending" in slow.story)
        work.cancel()  # as its lease says so, while what it stores has said it
        slow.may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(work, 10)
    assert slow.story[-1] == other.story[-1] == "end"


async def test_who_cannot_begin_ends_all_the_same():
    class Broken(Taken):
        async def begin(self, held: object) -> None:
            raise ValueError("no table")

    first, broken = Taken(), Broken()
    async with leading(first, broken) as (_, work):
        with pytest.raises(ValueError, match="no table"):
            await asyncio.wait_for(work, 10)
    assert first.story == ["begin", "end"]
    assert broken.story == ["end"]
