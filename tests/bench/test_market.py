"""The venue of the scenario `market`, as the product's own connection reads it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bench.peers.market import CENTS
from hoardrun.market.feeds.events import Trade
from hoardrun.market.feeds.kraken.protocol import Kraken
from hoardrun.market.feeds.session import Session
from tests.services.driven import Driven

SYMBOLS = [f"B{number}/USD" for number in range(30)]
WAIT_SECONDS = 20


class Read:
    """The events that a session has read of the venue."""

    def __init__(self, session: Session, venue: Driven) -> None:
        self.venue = venue
        self.trades: list[Trade] = []
        self.lost = 0
        self._session = session

    @property
    def odd(self) -> int:
        return self._session.health.odd

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not holds():
                turn = self._session.take()
                self.trades += turn.trades
                self.lost += len(turn.lost)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def _reading(folder: Path) -> AsyncIterator[Read]:
    venue = await asyncio.to_thread(Driven, "bench.peers.market.venue", log=folder / "venue")
    url = f"ws://127.0.0.1:{venue.ask('where')['port']}"
    session = Session(Kraken, url, symbols=lambda: SYMBOLS)
    running = asyncio.create_task(session.run())
    read = Read(session, venue)
    try:
        await read.until(lambda: venue.ask("asked")["symbols"] == len(SYMBOLS))
        yield read
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.to_thread(venue.end)


async def test_all_that_it_trades_is_read_and_nothing_counts_as_missed(tmp_path: Path) -> None:
    async with _reading(tmp_path) as read:
        sent: dict[str, float] = await asyncio.to_thread(
            read.venue.ask, "trade", symbols=SYMBOLS, price="1000", rate=2000, seconds=1
        )
        await read.until(lambda: len(read.trades) >= sent["sent"])
    assert len(read.trades) == sent["sent"]
    assert (read.lost, read.odd) == (0, 0)
    counts = Counter(trade.symbol for trade in read.trades)
    assert counts.keys() == set(SYMBOLS)
    assert max(counts.values()) - min(counts.values()) <= 1


async def test_a_price_climbs_by_a_cent_at_a_time_while_others_trade(tmp_path: Path) -> None:
    first, *others = SYMBOLS
    async with _reading(tmp_path) as read:
        sent: dict[str, list[float]] = await asyncio.to_thread(
            read.venue.ask, "climb", symbol=first, first=CENTS + 1, steps=20, rate=100,
            others=others, others_rate=1000,
        )  # fmt: skip
        climbed = [f"{(CENTS + 1 + number) / 100:.2f}" for number in range(20)]
        await read.until(lambda: climbed[-1] in _prices(read, first))
    assert _prices(read, first) == climbed
    assert sent["at"] == sorted(sent["at"]) and len(sent["at"]) == 20
    assert {trade.symbol for trade in read.trades} == set(SYMBOLS)
    assert read.lost == 0


def _prices(read: Read, symbol: str) -> list[str]:
    return [str(trade.price) for trade in read.trades if trade.symbol == symbol]
