"""Judge how far to trust a price, by the age of its proof and market hours. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hoardrun.market.engine.prices import Feed
from hoardrun.market.hours import TRADING

HALTED = "halted"
# After so many seconds without a proof, a price in an open market is stale.
_LIMITS = {"crypto": 60.0, "forex": 30.0, "stock": 60.0, "index": 60.0, "commodity": 60.0}
_MAJORS = frozenset({"BTC-USD", "ETH-USD"})
_MAJOR_LIMIT = 10.0


def limit_of(type: str, symbol: str) -> float:
    """Return after how many seconds without a proof an instrument's price is stale."""
    return _MAJOR_LIMIT if symbol in _MAJORS else _LIMITS[type]


def feed_of(*, status: str, age: float | None, limit: float, is_delayed: bool) -> Feed:
    """Judge a price.

    `status` is that of the instrument's market; `age` the seconds since its price was proven to be
    the newest, None if it never was.
    """
    if status == HALTED:
        return Feed.HALTED
    if status not in TRADING:
        return Feed.CLOSED
    if age is None or age > limit:
        return Feed.STALE
    return Feed.DELAYED if is_delayed else Feed.LIVE


def state_of_source(feeds: Sequence[Feed], link: str) -> str:
    """Say in a word how a source fares: that of its connection, unless that is open.

    Then `live` if each price that should be is, `partly` if some are, `stale` if none is, and
    `closed` where no market is open.
    """
    if link != "open":
        return link
    expected = [feed for feed in feeds if feed not in (Feed.CLOSED, Feed.HALTED)]
    stale = expected.count(Feed.STALE)
    if not expected:
        return "closed"
    if not stale:
        return "delayed" if Feed.DELAYED in expected else "live"
    return "partly" if stale < len(expected) else "stale"


class Feeds:
    """The feeds of a source's instruments, and which have changed."""

    def __init__(self) -> None:
        self._feeds: dict[int, Feed] = {}

    def __getitem__(self, instrument_id: int) -> Feed:
        return self._feeds.get(instrument_id, Feed.STALE)

    @property
    def all(self) -> Sequence[Feed]:
        return list(self._feeds.values())

    def judge(self, found: Mapping[int, Feed]) -> Sequence[int]:
        """Take in what holds now of all instruments; return those whose feed has changed."""
        changed = [key for key, feed in found.items() if self._feeds.get(key) is not feed]
        self._feeds = dict(found)
        return changed
