"""Run a feed: publish its quotes, and store the newest ones every few seconds.

Called by a server process that simulates the market, and by `stream_market`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing

from channels.db import database_sync_to_async
from django.db import Error as DatabaseError

from hoardrun.market import names, selectors, services
from hoardrun.market.feeds import feed_named
from hoardrun.market.quotes import Listing, LiveQuote, ephemerals
from realtime.publish import Ephemeral

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0


class _Desk:
    """The instruments that are traded, and their newest quotes that are not stored yet."""

    def __init__(self, symbols: Collection[str]) -> None:
        self._symbols = symbols
        self._listings: Sequence[Listing] = ()
        self._unsaved: dict[int, LiveQuote] = {}

    def listings(self) -> Sequence[Listing]:
        return self._listings

    def note(self, quotes: Sequence[LiveQuote]) -> None:
        """Remember quotes until the next `sync`."""
        self._unsaved.update((quote.listing.id, quote) for quote in quotes)

    async def load(self) -> None:
        """Read the active instruments again: staff may have changed them."""
        load = database_sync_to_async(selectors.listing_list)
        self._listings = await load(symbols=self._symbols)

    async def save(self) -> None:
        """Store the newest quotes of active instruments; keep them for later if that fails."""
        unsaved, self._unsaved = self._unsaved, {}
        traded = {listing.id for listing in self._listings}
        quotes = [quote for key, quote in unsaved.items() if key in traded]
        try:
            await database_sync_to_async(services.quotes_record)(quotes=quotes)
        except BaseException:  # also if cancelled: `run_feed` saves again at the end
            self._unsaved = unsaved | self._unsaved
            raise

    async def sync(self) -> None:
        """Load and save. If the database is away, log one line and lose no tick."""
        try:
            await self.load()
            await self.save()
        except DatabaseError as error:
            logger.warning("market: quotes not recorded: %s", error)


async def run_feed(
    name: str,
    *,
    publish: Callable[[Sequence[LiveQuote]], None],
    record_every: float = 5.0,
    stop: asyncio.Event | None = None,
    interval: float = 0.5,
    symbols: Collection[str] = (),
) -> None:
    """Publish a feed's quotes until `stop` is set, the feed ends, or this is cancelled.

    Stores quotes every `record_every` seconds, without delaying a tick, and at the end unless
    cancelled. Raises FeedNotFound, InstrumentNotFound, and what the feed or `publish` raise.
    """
    feed, desk = feed_named(name), _Desk(symbols)
    await desk.load()

    async def consume() -> None:
        async with aclosing(feed(desk.listings, interval=interval)) as batches:
            async for batch in batches:
                desk.note(batch)
                publish(batch)

    async def keep() -> None:
        while True:
            await asyncio.sleep(record_every)
            await desk.sync()

    work = [asyncio.ensure_future(consume()), asyncio.ensure_future(keep())]
    ends = [*work, asyncio.ensure_future((stop or asyncio.Event()).wait())]
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
    for task in done:
        task.result()
    await desk.sync()


async def simulate_in_process(deliver: Callable[[str, Sequence[Ephemeral]], None]) -> None:
    """Simulate the market in this server process until cancelled.

    `deliver` gives messages to the sockets of this process only: every process simulates the
    same prices, so none needs the layer. A failure is logged, and the simulation starts again
    after RETRY_SECONDS.
    """

    def publish(quotes: Sequence[LiveQuote]) -> None:
        deliver(names.TOPIC, ephemerals(quotes))

    while True:
        try:
            await database_sync_to_async(services.instruments_ensure)()
            await run_feed("simulator", publish=publish)
        except DatabaseError as error:
            logger.warning("market: the simulation waits for the database: %s", error)
        except Exception:
            logger.exception("market: the simulation failed")
        await asyncio.sleep(RETRY_SECONDS)
