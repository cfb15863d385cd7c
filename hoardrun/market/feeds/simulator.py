"""The feed of the simulated market. It needs no network and no key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from decimal import Decimal

from hoardrun.market import simulator
from hoardrun.market.errors import InvalidInterval
from hoardrun.market.noise import chance
from hoardrun.market.quotes import Listing, LiveQuote

MIN_INTERVAL_SECONDS = simulator.TICK_MS / 1000
MAX_INTERVAL_SECONDS = 3600
_TRADING = frozenset({"open", "pre_market", "after_hours"})
# The chance that an instrument trades in a batch.
_ACTIVITY = {"crypto": 0.9, "forex": 0.8, "index": 0.7, "stock": 0.6, "commodity": 0.5}


class Ticker:
    """Decide by the time which instruments trade in a batch, and at what price."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Decimal, str]] = {}

    def batch(self, listings: Sequence[Listing], tick: int) -> list[LiveQuote]:
        """Return the quotes that changed since the last batch; at first those of all."""
        changed = []
        for listing in listings:
            last = self._last.get(listing.symbol)
            if last is not None and last[1] == listing.status and not _trades(listing, tick):
                continue
            now = (simulator.price_at(listing, tick), listing.status)
            if now != last:
                self._last[listing.symbol] = now
                changed.append(simulator.quote_at(listing, tick))
        return changed


async def quotes(
    listings: Callable[[], Sequence[Listing]], *, interval: float = 0.5
) -> AsyncGenerator[Sequence[LiveQuote], None]:
    """Yield the changed quotes at every multiple of `interval` seconds of the wall clock."""
    ticker = Ticker()
    async with aclosing(ticks(interval)) as moments:
        async for tick in moments:
            if batch := ticker.batch(listings(), tick):
                yield batch


async def ticks(interval: float) -> AsyncGenerator[int, None]:
    """Yield the number of each tick at its time, the first one at once.

    Ticks lie on multiples of `interval`, so all processes quote the same prices at the same
    time. A process that is late skips ticks. Raises InvalidInterval.
    """
    if not MIN_INTERVAL_SECONDS <= interval <= MAX_INTERVAL_SECONDS:
        raise InvalidInterval(
            f"The simulator ticks every {MIN_INTERVAL_SECONDS} to {MAX_INTERVAL_SECONDS} "
            f"seconds, not every {interval}."
        )
    step = int(interval * 1000) // simulator.TICK_MS
    while True:
        number = int(time.time() * 1000) // simulator.TICK_MS // step
        yield number * step
        due = (number + 1) * step * simulator.TICK_MS / 1000
        await asyncio.sleep(max(0.001, due - time.time()))


def _trades(listing: Listing, tick: int) -> bool:
    if listing.status not in _TRADING:
        return False
    return chance(f"{listing.symbol} trades", tick) < _ACTIVITY[listing.type]
