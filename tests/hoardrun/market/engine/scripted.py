"""A leader of a venue that each test plays as it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from channels.db import database_sync_to_async

from hoardrun.market.engine.prices import Feed, FeedChange
from hoardrun.market.engine.runtime import Runtime
from hoardrun.market.engine.times import now
from hoardrun.market.models import Instrument, SourceSymbol
from hoardrun.market.services import instruments_ensure
from tests.hoardrun.market.engine.tools import Kept, Taken, running
from tests.hoardrun.market.feeds.scripted import Server

SYMBOLS = {"BTC-USD": "B", "ETH-USD": "E", "SOL-USD": "S"}
SCALE = 4.0
VENUE = "tests.hoardrun.market.feeds.scripted.ScriptedVenue"


@database_sync_to_async
def listed(*symbols: str, source: str = "scripted", **more: Any) -> None:
    """Let a source name these symbols."""
    instruments_ensure()
    for symbol in symbols:
        SourceSymbol.objects.create(
            instrument=Instrument.objects.get(symbol=symbol),
            source=source,
            venue_symbol=SYMBOLS[symbol],
            **more,
        )


def say(server: Server, symbol: str, price: object, *, late_seconds: int = 0) -> int:
    """Send a price of a symbol; return its time."""
    at = now() - late_seconds * 1_000_000
    server.say({"tick": SYMBOLS[symbol], "price": str(price), "at": at})
    return at


@asynccontextmanager
async def moving(
    server: Server, *symbols: str, price: float = 100.0, pause_seconds: float = 0.05
) -> AsyncIterator[Sequence[float]]:
    """Send prices of symbols all the time, each a little higher; give the last one."""
    last = [price]

    async def move() -> None:
        while True:
            last[0] = round(last[0] + 0.01, 2)
            for symbol in symbols:
                if SYMBOLS[symbol] not in server.mute:
                    say(server, symbol, last[0])
            await asyncio.sleep(pause_seconds)

    work = asyncio.ensure_future(move())
    try:
        yield last
    finally:
        work.cancel()


@asynccontextmanager
async def leading(server: Server) -> AsyncIterator[tuple[Kept, Runtime]]:
    """Lead the venue; give what is published, and the runtime."""
    async with running(["scripted"], urls={"scripted": server.url}) as found:
        yield found


def feeds_of(symbol: str) -> list[Feed]:
    """Return what the engine was told of a symbol's feed."""
    items = Taken.last.items
    return [item.feed for item in items if isinstance(item, FeedChange) and item.symbol == symbol]
