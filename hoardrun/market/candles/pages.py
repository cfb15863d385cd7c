"""Pages of candles, as the HTTP API and the rooms send them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from itertools import islice
from typing import NamedTuple

from django.utils import timezone

from hoardrun.market import selectors as market
from hoardrun.market.candles import spans
from hoardrun.market.candles.selectors import candle_list, zone_of
from hoardrun.market.candles.spans import INTERVALS, microseconds
from hoardrun.market.candles.values import Drawn, Values
from hoardrun.market.quotes import Listing
from realtime.errors import InvalidInput

DEFAULT_LIMIT = 300
MAX_LIMIT = 1000
_CURSOR = re.compile(r"([ab])(-?\d{1,12})")
_SECOND = 1_000_000


class Page(NamedTuple):
    """Candles ascending, and the cursor of the page that continues."""

    listing: Listing
    candles: list[Drawn]
    next: str | None


def candle_page(
    *,
    symbol: str,
    interval: str,
    since: int | None = None,
    until: int | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str = "",
    is_filled: bool = False,
) -> Page:
    """Return candles whose buckets are in [since, until), at most `limit`.

    With `since` the oldest of them, and the next page is newer; else the newest, and the next page
    is older. `is_filled`: a span without a candle repeats the last price, up to now.
    Raises InstrumentNotFound, and InvalidInput for the cursor of another list.
    """
    instrument = market.instrument_get(symbol=symbol)
    minutes, zone = INTERVALS[interval], zone_of(instrument)
    is_ascending = since is not None
    if cursor:
        place = _place(cursor, minutes, is_ascending=is_ascending)
        since, until = (place, until) if is_ascending else (since, place)
    found = candle_list(
        instrument_id=instrument.pk,
        minutes=minutes,
        zone=zone,
        since=since,
        until=until,
        newest=None if is_ascending else limit + 1,
        oldest=limit + 1 if is_ascending else None,
    )
    if is_filled:
        if since is not None:
            found = _last_before(instrument.pk, minutes, zone, since) + found
        found = _filled(found, minutes, zone, since, until, limit + 1)
    listing, is_last = market.listing_of(instrument), len(found) <= limit
    if is_ascending:
        after = None if is_last else f"a{found[limit].bucket // _SECOND}"
        return Page(listing, found[:limit], after)
    found = found[-limit - 1 :]
    before = None if is_last else f"b{found[1].bucket // _SECOND}"
    return Page(listing, found[-limit:], before)


def _place(cursor: str, minutes: int, *, is_ascending: bool) -> int:
    match = _CURSOR.fullmatch(cursor)
    if match is None or (match[1] == "a") is not is_ascending:
        raise InvalidInput(
            "cursor",
            "Not a cursor of this list; take one from `next`, and leave the rest as it was.",
        )
    place = int(match[2]) * _SECOND
    try:
        fits = spans.bucket_of(minutes, place) == place
    except OverflowError:
        fits = False
    if not fits:
        raise InvalidInput("cursor", "Not a cursor of this interval; take one from `next`.")
    return place


def _last_before(instrument_id: int, minutes: int, zone: tzinfo, since: int) -> list[Drawn]:
    return candle_list(
        instrument_id=instrument_id, minutes=minutes, zone=zone, until=since, newest=1
    )


def _filled(
    found: list[Drawn],
    minutes: int,
    zone: tzinfo,
    since: int | None,
    until: int | None,
    limit: int,
) -> list[Drawn]:
    """Fill the spans between candles, and those up to the running one."""
    end = spans.bucket_of(minutes, microseconds(timezone.now()), zone)
    if until is not None:
        end = min(end, until)
    if since is None:
        return list(islice(_backwards(found, minutes, end), limit))[::-1]
    forwards = (each for each in _forwards(found, minutes, end) if each.bucket >= since)
    return list(islice(forwards, limit))


def _forwards(found: list[Drawn], minutes: int, end: int) -> Iterator[Drawn]:
    for number, each in enumerate(found):
        yield each
        stop = found[number + 1].bucket if number + 1 < len(found) else end
        bucket = spans.next_bucket(minutes, each.bucket)
        while bucket < stop:
            yield _repeated(each, bucket)
            bucket = spans.next_bucket(minutes, bucket)


def _backwards(found: list[Drawn], minutes: int, end: int) -> Iterator[Drawn]:
    stop = end
    for each in reversed(found):
        bucket = spans.bucket_of(minutes, stop - 1)
        while bucket > each.bucket:
            yield _repeated(each, bucket)
            bucket = spans.bucket_of(minutes, bucket - 1)
        yield each
        stop = each.bucket


def _repeated(last: Drawn, bucket: int) -> Drawn:
    price = last.values.close
    nothing = Values(price, price, price, price, 0, 0)
    return replace(last, bucket=bucket, values=nothing, is_closed=True, revision=0)
