"""The registry of feeds. A new feed is one file here and one line in `FEEDS`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol, cast

from django.utils.module_loading import import_string

from hoardrun.market.errors import FeedNotFound
from hoardrun.market.quotes import Listing, LiveQuote

FEEDS: dict[str, str] = {
    "simulator": "hoardrun.market.feeds.simulator.quotes",
}


class Feed(Protocol):
    """An asynchronous generator of batches of quotes that changed.

    It calls `listings` for each batch: the answer changes when staff edit an instrument.
    `interval` is the time between two batches in seconds. It ends by being cancelled or closed.
    """

    def __call__(
        self, listings: Callable[[], Sequence[Listing]], *, interval: float
    ) -> AsyncGenerator[Sequence[LiveQuote], None]: ...


def feed_named(name: str) -> Feed:
    """Return a feed. Raises FeedNotFound, which names the known ones."""
    if name not in FEEDS:
        raise FeedNotFound(name, ", ".join(sorted(FEEDS)))
    return cast(Feed, import_string(FEEDS[name]))
