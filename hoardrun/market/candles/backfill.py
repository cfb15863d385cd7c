"""Fill holes from the past of their sources. What is called blocks; `filler` calls it in threads.

Filling is idempotent: what is stored already and says the same stays as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import NamedTuple

from hoardrun.market.candles import spans
from hoardrun.market.candles.builder import Hole
from hoardrun.market.candles.histories import Past, Symbol
from hoardrun.market.candles.holes import OpenHole, hole_fail, hole_shrink, holes_add
from hoardrun.market.candles.services import candles_repair
from hoardrun.market.candles.spans import MINUTE, PARTS
from hoardrun.market.candles.values import Drawn
from hoardrun.market.feeds.fetching import FetchFailed
from hoardrun.market.lease import Held
from hoardrun.market.quotes import Listing

FORGOTTEN = 60  # buckets missing at the beginning: the venue does not remember so far
_PARTS = frozenset(PARTS.values())  # intervals that others are made of
SETTLED = 5_000_000  # microseconds after a span has ended its candle is final in the history

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Filling:
    """One hole to fill: its instrument and symbol, and up to where the past is asked."""

    hole: OpenHole
    listing: Listing
    symbol: Symbol
    past: Past
    until: int  # after the beginning of the hole, and no later than its end


class Missing(NamedTuple):
    """A hole of an interval when a leader begins. `is_left`: nobody is asked for it."""

    minutes: int
    hole: Hole
    is_left: bool = False


def wanted(
    instrument_id: int,
    bars: Mapping[int, int],
    newest: Mapping[int, int],
    now: int,
) -> list[Missing]:
    """Return the holes of an instrument when a leader begins. Pure.

    `bars` says of each interval of the past how many candles to ask for, at most. `newest` are the
    newest closed candles by interval. Minutes are always asked for from there on; longer candles if
    there are none, or if the minutes of the time between are too many. What is missing before that
    is left: so a longer candle is not taken to be whole where some of its parts are not known.
    """
    found = []
    for minutes in sorted(bars):
        span, last = minutes * MINUTE, newest.get(minutes)
        end = spans.next_bucket(minutes, spans.bucket_of(minutes, now))
        since = first = end - bars[minutes] * span
        before = first - span if minutes in _PARTS else first
        if last is not None:
            before = spans.next_bucket(minutes, last)
            since = max(first, before)
            if minutes > 1 and now - since < bars.get(1, 0) * MINUTE:
                continue
        found.append(Missing(minutes, Hole(instrument_id, since, end)))
        if before < since:
            found.append(Missing(minutes, Hole(instrument_id, before, since), is_left=True))
    return found


def fill(
    held: Held,
    filling: Filling,
    note: Callable[[list[Drawn]], None],
    is_over: Callable[[], bool] = lambda: False,
) -> None:
    """Ask a source for a hole, store what it has, and tell `note` what has changed.

    Stops between two pages once `is_over`; then the hole stays. Raises Overtaken and DatabaseError;
    a source that fails is asked again later.
    """
    hole, until = filling.hole, filling.until
    pages = filling.past.candles(filling.listing, filling.symbol, hole.minutes, hole.since, until)
    first = None
    try:
        for page in pages:
            if is_over():
                return
            note(candles_repair(held=held, drawn=page, is_doubtful=True))
            if page and first is None:
                first = page[0].bucket
    except FetchFailed as error:
        if is_over():
            return
        logger.warning("market: no candles of %s: %s", filling.listing.symbol, error)
        hole_fail(held=held, hole=hole, retry_seconds=error.retry_seconds, reason=str(error))
        return
    missing = (until if first is None else first) - hole.since
    # Where a market closes, hours without a trade are nothing strange.
    if missing > FORGOTTEN * hole.minutes * MINUTE and not filling.listing.venue_code:
        left = Hole(hole.instrument_id, hole.since, hole.since + missing)
        reason = f"{filling.symbol.source} has no candles of this time."
        holes_add(held=held, holes=[left], minutes=hole.minutes, is_left=True, reason=reason)
    hole_shrink(held=held, hole=hole, since=until)


def settled(minutes: int, time: int, zone: tzinfo) -> int:
    """Return the bucket up to which the past is final at a time. Pure."""
    return spans.bucket_of(minutes, time - SETTLED, zone)
