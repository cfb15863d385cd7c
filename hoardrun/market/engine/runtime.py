"""What a server process does for the market: it is a candidate for the engine and each source.

Of all processes of a deployment one leads each of them at a time. Without Redis nothing reaches
another process, so there a process leads sources only while it leads the engine.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils.module_loading import import_string

from hoardrun.market import services
from hoardrun.market.engine import threads
from hoardrun.market.engine.bus import TOPIC, Incoming, Outgoing
from hoardrun.market.engine.candidate import Candidate
from hoardrun.market.engine.leader import EngineLeader
from hoardrun.market.engine.leases import ENGINE, source_lease
from hoardrun.market.engine.outlet import Publish
from hoardrun.market.engine.prices import Consumer, Feed, Item
from hoardrun.market.engine.pulled import PulledLeader
from hoardrun.market.engine.source import VenueLeader
from hoardrun.market.engine.tasks import first_of
from hoardrun.market.feeds import VENUES, feed_named, fetching, venue_named
from hoardrun.market.lease import Held
from hoardrun.market.options import options, url_of
from hoardrun.market.quotes import LiveQuote
from realtime import asgi
from realtime.publish import tell

# What the engine's leader runs, by the paths of their classes.
CONSUMERS: tuple[str, ...] = (
    "hoardrun.market.candles.consumer.Candles",
    "hoardrun.market.alerts.consumer.Alerts",
)
RETRY_SECONDS = 5.0
DRAIN_SECONDS = 0.25  # between two looks whether the node drains

logger = logging.getLogger(__name__)


def _publish(quotes: Sequence[LiveQuote]) -> None:
    services.quotes_publish(quotes=quotes)


class Runtime:
    """The candidates of this process.

    `interval` and `symbols` are for sources without a venue; `urls` replace addresses
    of venues.
    Raises FeedNotFound for a source that there is not.
    """

    def __init__(
        self,
        sources: Sequence[str],
        *,
        leads_engine: bool = True,
        publish: Publish = _publish,
        interval: float = 0.5,
        symbols: Collection[str] = (),
        urls: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._publish, self._interval, self._symbols = publish, interval, symbols
        self._urls = urls
        self._engine: EngineLeader | None = None
        self._incoming = Incoming()
        for name in sources:
            if name not in VENUES:
                feed_named(name)
        self._sources = {
            name: Candidate(
                source_lease(name), self.holder, partial(self._lead_source, name), may=self._may
            )
            for name in sources
        }
        self._candidates = list(self._sources.values())
        if leads_engine:
            self._candidates.append(Candidate(ENGINE, self.holder, self._lead_engine))

    @property
    def leads(self) -> Sequence[str]:
        """The leases that this process holds."""
        return [each.name for each in self._candidates if each.held is not None]

    @property
    def has_led(self) -> bool:
        """Say whether this process has ever held a lease."""
        return any(each.terms for each in self._candidates)

    async def run(self) -> None:
        """Lead what falls to this process until cancelled, or until its node drains."""
        await self._prepare()
        try:
            await first_of(self._drains(), *(each.run() for each in self._candidates))
        finally:
            fetching.give_up()

    async def _prepare(self) -> None:
        while True:
            try:
                await threads.run(services.instruments_ensure)
                return
            except DatabaseError as error:
                logger.warning("market: waits for the database: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _drains(self) -> None:
        while True:
            if asgi.is_draining():
                return
            await asyncio.sleep(DRAIN_SECONDS)

    def _may(self) -> bool:
        return bool(settings.REDIS_URL) or self._engine is not None

    # -- the engine

    async def _lead_engine(self, held: Held) -> None:
        consumers: list[Consumer] = [import_string(path)() for path in CONSUMERS]
        self._engine, self._incoming = EngineLeader(consumers), Incoming()
        try:
            if settings.REDIS_URL:
                await asgi.listen(TOPIC, self._hear)
            await self._engine.run(held)
        finally:
            self._engine = None
            if settings.REDIS_URL:
                await asgi.listen(TOPIC, None)

    def _hear(self, texts: Sequence[str]) -> None:
        """Take in what leaders of sources in other processes send."""
        for text in texts:
            try:
                items = self._incoming.items(text)
            except ValueError as error:
                logger.warning("market: prices of another process are unreadable: %s", error)
                continue
            if self._engine is not None and items:
                self._engine.take(items)

    # -- sources

    async def _lead_source(self, name: str, held: Held) -> None:
        """Lead a source. Where nobody may lead, its live prices are said to be stale."""
        newest: dict[int, LiveQuote] = {}

        def publish(quotes: Sequence[LiveQuote]) -> None:
            newest.update((quote.listing.id, quote) for quote in quotes)
            self._publish(quotes)

        try:
            await self._lead(name, held, publish)
        finally:
            if self._sources[name].is_unsure:
                live = [quote for quote in newest.values() if quote.feed is Feed.LIVE]
                self._publish([replace(quote, feed=Feed.STALE) for quote in live])

    async def _lead(self, name: str, held: Held, publish: Publish) -> None:
        give = partial(self._give, Outgoing(name, held.epoch))
        if name in VENUES:
            venue = venue_named(name)
            leader = VenueLeader(
                name,
                venue,
                self._urls.get(name) or url_of(name, venue.address),
                publish=publish,
                give=give,
                pace=options().time_scale,
            )
            await leader.run(held)
        else:
            pulled = PulledLeader(
                name,
                feed_named(name),
                publish=publish,
                give=give,
                interval=self._interval,
                symbols=self._symbols,
            )
            await pulled.run(held)

    def _give(self, outgoing: Outgoing, items: Sequence[Item]) -> None:
        """Give items to the engine: here if this process leads it, else over the layer."""
        if self._engine is not None:
            self._engine.take(items)
        else:
            tell(TOPIC, outgoing.texts(items))
