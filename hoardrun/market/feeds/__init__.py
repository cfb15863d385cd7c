"""The registry of feeds: a new one is one file here and one line in `FEEDS`."""

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

    It asks `listings` for what is traded whenever it needs to know: the answer changes
    when staff edit an instrument. `interval` is the time between two batches in seconds.
    It is cancelled, or closed, when nobody wants more.
    """

    def __call__(
        self, listings: Callable[[], Sequence[Listing]], *, interval: float
    ) -> AsyncGenerator[Sequence[LiveQuote], None]: ...


def feed_named(name: str) -> Feed:
    """Find a feed; raises FeedNotFound, naming those that there are."""
    if name not in FEEDS:
        raise FeedNotFound(name, FEEDS)
    return cast(Feed, import_string(FEEDS[name]))
