"""The registries of feeds.

A new feed is one file here and one line in `FEEDS`, a new venue one folder and a line in `VENUES`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol, cast

from django.utils.module_loading import import_string

from hoardrun.market.errors import FeedNotFound
from hoardrun.market.feeds.venue import Venue
from hoardrun.market.quotes import Listing, LiveQuote

FEEDS: dict[str, str] = {
    "simulator": "hoardrun.market.feeds.simulator.quotes",
}
# The venues of live prices: by name, the class of their protocol.
VENUES: dict[str, str] = {
    "kraken": "hoardrun.market.feeds.kraken.protocol.Kraken",
    "coinbase": "hoardrun.market.feeds.coinbase.protocol.Coinbase",
    "alpaca": "hoardrun.market.feeds.alpaca.account.Account",
}


class Feed(Protocol):
    """An asynchronous generator of batches of quotes that changed.

    It calls `listings` for each batch: the answer changes when staff edit an instrument.
    `interval` is the time between two batches in seconds. It ends by being cancelled or closed.
    """

    def __call__(
        self, listings: Callable[[], Sequence[Listing]], *, interval: float
    ) -> AsyncGenerator[Sequence[LiveQuote], None]: ...


def venue_named(name: str) -> type[Venue]:
    """Return a venue's class. Raises FeedNotFound, which names the known ones."""
    if name not in VENUES:
        raise FeedNotFound(name, ", ".join(sorted(VENUES)))
    return cast(type[Venue], import_string(VENUES[name]))


def feed_named(name: str) -> Feed:
    """Return a feed. Raises FeedNotFound, which names the known ones."""
    if name not in FEEDS:
        raise FeedNotFound(name, ", ".join(sorted(FEEDS)))
    return cast(Feed, import_string(FEEDS[name]))
