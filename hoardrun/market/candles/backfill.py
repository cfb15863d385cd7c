"""Fill holes from the past of their sources. What is called blocks; `consumer` calls it in threads.

Filling is idempotent: what is stored already and says the same stays as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from hoardrun.market.candles import spans
from hoardrun.market.candles.builder import Hole
from hoardrun.market.candles.histories import Past, Symbol
from hoardrun.market.candles.holes import OpenHole, hole_fail, hole_shrink, holes_add
from hoardrun.market.candles.services import candles_repair
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import Drawn
from hoardrun.market.feeds.fetching import FetchFailed
from hoardrun.market.lease import Held
from hoardrun.market.quotes import Listing

FORGOTTEN = 60  # buckets missing at the beginning: the venue does not remember so far
SETTLED = 5_000_000  # microseconds after a span has ended its candle is final in the history
AGAIN_SECONDS = 5.0  # until what still ran is asked for
LONGER_SECONDS = 300.0  # the same, of a candle that runs for longer than a minute

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Filling:
    """What filling a hole needs: whose it is, and up to where the past may be asked."""

    hole: OpenHole
    listing: Listing
    symbol: Symbol
    past: Past
    until: int  # no later: the candles from here on are still built


def wanted(
    instrument_id: int,
    bars: Mapping[int, int],
    newest: Mapping[int, int],
    now: int,
) -> list[tuple[int, Hole]]:
    """Return the holes of an instrument when a leader begins, with their intervals. Pure.

    `bars` says of each interval of the past how many candles to ask for, at most. `newest` are the
    newest closed candles by interval. Minutes are always asked for from there on; longer candles if
    there are none, or if the minutes of the time between are too many.
    """
    found = []
    for minutes in sorted(bars):
        end = spans.next_bucket(minutes, spans.bucket_of(minutes, now))
        first = end - bars[minutes] * minutes * MINUTE
        since = first
        if minutes in newest:
            since = max(first, spans.next_bucket(minutes, newest[minutes]))
            if minutes > 1 and now - since < bars.get(1, 0) * MINUTE:
                continue
        found.append((minutes, Hole(instrument_id, since, end)))
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
    hole, until = filling.hole, min(filling.hole.until, filling.until)
    if until <= hole.since:
        wait = AGAIN_SECONDS if hole.minutes == 1 else LONGER_SECONDS
        hole_shrink(held=held, hole=hole, since=hole.since, wait_seconds=wait)
        return
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
    hole_shrink(held=held, hole=hole, since=until, wait_seconds=_wait(hole, until))


def settled(minutes: int, time: int, zone: tzinfo) -> int:
    """Return the bucket up to which the past is final at a time. Pure."""
    return spans.bucket_of(minutes, time - SETTLED, zone)


def _wait(hole: OpenHole, until: int) -> float:
    return max(AGAIN_SECONDS, (hole.until - until) / 1_000_000 + AGAIN_SECONDS)
