"""Where the prices of a source go: to the rooms, to the engine, and to the table."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence

from django.db import Error as DatabaseError

from hoardrun.market.engine import store, threads
from hoardrun.market.engine.holes import Holes
from hoardrun.market.engine.prices import Item
from hoardrun.market.engine.store import Report
from hoardrun.market.lease import STATEMENT_SECONDS, Held
from hoardrun.market.quotes import LiveQuote

logger = logging.getLogger(__name__)

Publish = Callable[[Sequence[LiveQuote]], None]
Give = Callable[[Sequence[Item]], None]


class Outlet:
    """Sends what a source's leader has accepted, and keeps what is not stored yet.

    `publish` and `give` return at once, so a database that stalls delays neither.
    """

    def __init__(self, source: str, held: Held, publish: Publish, give: Give) -> None:
        self.holes = Holes()
        self._source, self._held = source, held
        self._publish, self._give = publish, give
        self._unsaved: dict[int, LiveQuote] = {}

    def send(self, quotes: Sequence[LiveQuote], items: Sequence[Item]) -> None:
        """Send quotes to the rooms and items to the engine."""
        if quotes:
            self._unsaved.update((quote.listing.id, quote) for quote in quotes)
            self._publish(quotes)
        if items:
            self._give(self.holes.closed_by(items))

    def retain(self, instrument_ids: Collection[int]) -> None:
        """Forget what waits to be stored of other instruments: they have gone."""
        self._unsaved = {k: quote for k, quote in self._unsaved.items() if k in instrument_ids}

    async def save(self, report: Report) -> bool:
        """Store what waits; if the database is away, keep it and return False.

        Raises Overtaken.
        """
        unsaved, self._unsaved = self._unsaved, {}
        try:
            await threads.run(store.keep, self._held, self._source, list(unsaved.values()), report)
        except DatabaseError as error:
            self._unsaved = unsaved | self._unsaved
            logger.warning("market: quotes of %s not recorded: %s", self._source, error)
            return False
        except BaseException:  # cancelled: the last `save` stores it
            self._unsaved = unsaved | self._unsaved
            raise
        return True

    async def close(self, report: Report) -> None:
        """Store what waits, at the end of a term; give up on a database that does not answer.

        What has begun goes on beside it, and the lease fences it. Raises Overtaken.
        """
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                await asyncio.shield(self.save(report))
        except TimeoutError:
            logger.warning("market: the last quotes of %s may not be recorded", self._source)
