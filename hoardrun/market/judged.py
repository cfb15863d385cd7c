"""Judge a stored price when it is read: how far to trust it, and its market. Pure."""

from __future__ import annotations

from hoardrun.market.engine.prices import Feed
from hoardrun.market.hours import CLOSED, TRADING

HALTED = "halted"
UNLED_SECONDS = 10.0  # that a price stays live after the process that vouched for it


def feed_read(stored: Feed, *, status: str, is_led: bool, age: float) -> Feed:
    """Judge a stored price.

    The leader of its source keeps `stored` right while it leads; without one (`is_led` is false),
    a price is stale once it is `age` seconds old, unless it never claimed to be of now. `status` is
    that of its market.
    """
    if status == HALTED:
        return Feed.HALTED
    if status not in TRADING:
        return Feed.CLOSED
    if is_led or stored is Feed.DELAYED or age <= UNLED_SECONDS:
        return stored
    return Feed.STALE


def status_read(feed: Feed, status: str) -> str:
    """Return the state of a market whose price is judged: the leader may know better."""
    if feed is Feed.HALTED:
        return HALTED
    return CLOSED if feed is Feed.CLOSED and status in TRADING else status
