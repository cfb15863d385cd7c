"""What tests of leaders share: a runtime that keeps what it publishes, and waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hoardrun.market.engine.prices import Accepted, Item
from hoardrun.market.engine.runtime import Runtime
from hoardrun.market.quotes import LiveQuote

PATIENCE_SECONDS = 40


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():
            await asyncio.sleep(0.01)


class Kept:
    """Keeps what a runtime publishes."""

    def __init__(self) -> None:
        self.quotes: list[LiveQuote] = []

    def __call__(self, quotes: Sequence[LiveQuote]) -> None:
        self.quotes += quotes

    @property
    def symbols(self) -> set[str]:
        return {quote.listing.symbol for quote in self.quotes}

    async def more(self, count: int) -> None:
        """Wait until so many further quotes were published."""
        enough = len(self.quotes) + count
        await until(lambda: len(self.quotes) >= enough)

    def of(self, symbol: str) -> list[LiveQuote]:
        """Return the quotes of a symbol, in their order."""
        return [quote for quote in self.quotes if quote.listing.symbol == symbol]


class Taken:
    """A consumer that keeps what it is given; the newest of them is `Taken.last`."""

    last: Taken

    def __init__(self) -> None:
        Taken.last = self
        self.items: list[Item] = []
        self.story: list[str] = []

    async def begin(self, held: object) -> None:
        self.story.append("begin")

    def take(self, items: Sequence[Item]) -> None:
        self.items += items

    async def turn(self) -> None:
        if self.story[-1] != "turn":
            self.story.append("turn")

    async def end(self) -> None:
        self.story.append("end")

    def prices(self, symbol: str) -> list[Accepted]:
        return [i for i in self.items if isinstance(i, Accepted) and i.symbol == symbol]


@asynccontextmanager
async def running(sources: Sequence[str], **more: Any) -> AsyncIterator[tuple[Kept, Runtime]]:
    """Run a process's part of the market meanwhile."""
    Taken()  # an empty one, until the engine has made its own
    kept = Kept()
    runtime = Runtime(sources, publish=kept, **more)
    work = asyncio.ensure_future(runtime.run())
    try:
        yield kept, runtime
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
