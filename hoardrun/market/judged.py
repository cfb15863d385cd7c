"""Judge how far to trust a stored price when it is read. Pure."""

from __future__ import annotations

from hoardrun.market.engine.prices import Feed
from hoardrun.market.hours import TRADING

UNLED_SECONDS = 10.0  # that a price stays live after the process that vouched for it


def feed_read(stored: Feed, *, status: str, is_led: bool, age: float) -> Feed:
    """Judge a stored price.

    The leader of its source keeps `stored` right while it leads; without one (`is_led` is false),
    a price is stale once it is `age` seconds old, unless it never claimed to be of now. `status` is
    that of the instrument, as staff have it.
    """
    if status == "halted":
        return Feed.HALTED
    if status not in TRADING:
        return Feed.CLOSED
    if is_led or stored is Feed.DELAYED or age <= UNLED_SECONDS:
        return stored
    return Feed.STALE
