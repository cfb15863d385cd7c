"""The leader of a source without a venue: a generator of quotes, such as the simulator."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import replace

from django.db import Error as DatabaseError

from hoardrun.market import selectors
from hoardrun.market.engine import store, threads
from hoardrun.market.engine.outlet import Give, Outlet, Publish
from hoardrun.market.engine.prices import Accepted, Feed, FeedChange, Item
from hoardrun.market.engine.pricing import micros
from hoardrun.market.engine.states import Feeds, feed_of, state_of_source
from hoardrun.market.engine.store import Report
from hoardrun.market.engine.tasks import first_of
from hoardrun.market.engine.times import ANNOUNCE_SECONDS, SAVE_SECONDS, now
from hoardrun.market.feeds import Feed as Generator
from hoardrun.market.lease import Held
from hoardrun.market.options import scaled
from hoardrun.market.quotes import Listing, LiveQuote
from hoardrun.market.scaled import VOLUME_EXPONENT, Unscalable, rounded

SILENT_SECONDS = 30.0  # without a batch: the prices are stale

logger = logging.getLogger(__name__)


class PulledLeader:
    """Publishes what a generator yields, for one term of the source's lease."""

    def __init__(
        self,
        name: str,
        feed: Generator,
        *,
        publish: Publish,
        give: Give,
        interval: float = 0.5,
        symbols: Collection[str] = (),
    ) -> None:
        self._name, self._feed = name, feed
        self._publish, self._give = publish, give
        self._interval, self._symbols = interval, symbols
        self._listings: Sequence[Listing] = ()
        self._newest: dict[int, LiveQuote] = {}
        self._feeds = Feeds()
        self._batch_at: float | None = None
        self._epoch = 0

    async def run(self, held: Held) -> None:
        """Lead until cancelled. Raises Overtaken, and what the generator raises."""
        self._epoch = held.epoch
        outlet = Outlet(self._name, held, self._publish, self._give)
        self._listings = await threads.run(selectors.listing_list, symbols=self._symbols)
        for key, moment in (await threads.run(store.last_prices)).items():
            outlet.holes.open(key, micros(moment))
        try:
            await first_of(self._pull(outlet), self._watch(outlet), self._keep(outlet))
        finally:
            await outlet.close(self._report())

    async def _pull(self, outlet: Outlet) -> None:
        batches = self._feed(lambda: self._listings, interval=self._interval)
        async with aclosing(batches):
            async for batch in batches:
                self._batch_at = time.monotonic()
                quotes = [self._marked(quote) for quote in batch]
                self._newest.update((quote.listing.id, quote) for quote in quotes)
                changes = self._judge()
                items = [item for quote in quotes if (item := self._item(quote)) is not None]
                outlet.send(quotes, [*changes, *items])

    async def _watch(self, outlet: Outlet) -> None:
        """Say which prices are stale while no batch comes; say all anew now and then."""
        announced = time.monotonic()
        while True:
            await asyncio.sleep(1)
            changes = self._judge()
            stale = [self._marked(self._newest[change.instrument_id]) for change in changes]
            if time.monotonic() - announced >= scaled(ANNOUNCE_SECONDS):
                announced = time.monotonic()
                changes = self._all()
            outlet.send(stale, changes)

    async def _keep(self, outlet: Outlet) -> None:
        while True:
            await asyncio.sleep(scaled(SAVE_SECONDS))
            try:
                load = selectors.listing_list
                self._listings = await threads.run(load, symbols=self._symbols)
            except DatabaseError as error:
                logger.warning("market: instruments not read: %s", error)
                continue
            ids = {listing.id for listing in self._listings}
            self._newest = {key: quote for key, quote in self._newest.items() if key in ids}
            outlet.retain(ids)
            await outlet.save(self._report())

    def _marked(self, quote: LiveQuote) -> LiveQuote:
        feed = self._feed_of(quote)
        return replace(quote, source=self._name, feed=feed, epoch=self._epoch)

    def _feed_of(self, quote: LiveQuote) -> Feed:
        age = None if self._batch_at is None else time.monotonic() - self._batch_at
        limit = max(SILENT_SECONDS, 2 * self._interval)
        return feed_of(status=quote.listing.status, age=age, limit=limit, is_delayed=False)

    def _judge(self) -> Sequence[FeedChange]:
        changed = self._feeds.judge(
            {key: self._feed_of(quote) for key, quote in self._newest.items()}
        )
        return [self._change(key) for key in changed]

    def _all(self) -> Sequence[FeedChange]:
        return [self._change(key) for key in self._newest]

    def _change(self, key: int) -> FeedChange:
        return FeedChange(key, self._newest[key].listing.symbol, self._feeds[key], now())

    def _item(self, quote: LiveQuote) -> Item | None:
        listing = quote.listing
        try:
            volume = None if quote.volume is None else rounded(quote.volume, VOLUME_EXPONENT)
        except Unscalable:
            volume = None
        try:
            price = rounded(quote.price, listing.decimals)
        except Unscalable as error:
            logger.warning("market: a price of %s is left out: %s", listing.symbol, error)
            return None
        at = micros(quote.as_of)
        return Accepted(listing.id, listing.symbol, price, at, self._name, day_volume=volume)

    def _report(self) -> Report:
        newest = max((quote.as_of for quote in self._newest.values()), default=None)
        state = state_of_source(self._feeds.all, "open" if self._newest else "connecting")
        return Report(state=state, reason="", last_price_at=newest)
