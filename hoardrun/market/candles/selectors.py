"""All reads of candles.

Candles of minutes to days are stored once they have closed; weeks, months and what still runs are
added up from their parts when they are read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, tzinfo
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from hoardrun.market.candles import spans
from hoardrun.market.candles.spans import PARTS, STORED, microseconds, moment
from hoardrun.market.candles.values import Drawn, Values, roll_up
from hoardrun.market.models import Candle, Instrument, TradingSession

MAX_PARTS = 2000  # that one answer adds up
COLUMNS = (
    *("instrument_id", "minutes", "bucket", "open", "high", "low", "close"),
    *("volume", "trades", "source", "is_closed", "is_indicative", "revision"),
)


def zones() -> dict[str, tzinfo]:
    """Return the time zones of venues, by their codes: their days are days there."""
    found = TradingSession.objects.order_by("valid_from").values_list("venue", "timezone")
    return {venue: ZoneInfo(name) for venue, name in found}


def zone_of(instrument: Instrument) -> tzinfo:
    """Return the time zone of an instrument's days: UTC if it trades around the clock."""
    code = instrument.venue_code
    return zones().get(code, UTC) if code else UTC


def drawn_list(rows: QuerySet[Candle]) -> list[Drawn]:
    """Read rows as the pure code has them."""
    return list(map(_drawn, rows.values_list(*COLUMNS)))


def stored_list(
    *,
    minutes: int,
    instrument_ids: Collection[int],
    since: int | None = None,
    until: int | None = None,
) -> QuerySet[Candle]:
    """Select stored candles whose buckets are in [since, until), by instrument and bucket."""
    found = Candle.objects.filter(minutes=minutes, instrument_id__in=instrument_ids)
    if since is not None:
        found = found.filter(bucket__gte=moment(since))
    if until is not None:
        found = found.filter(bucket__lt=moment(until))
    return found.order_by("instrument_id", "bucket")


def closed_list(
    *,
    minutes: int,
    instrument_ids: Collection[int],
    since: int | None = None,
    until: int | None = None,
) -> list[Drawn]:
    """Return the closed ones among them."""
    found = stored_list(minutes=minutes, instrument_ids=instrument_ids, since=since, until=until)
    return drawn_list(found.filter(is_closed=True))


def candle_list(
    *,
    instrument_id: int,
    minutes: int,
    zone: tzinfo,
    since: int | None = None,
    until: int | None = None,
    newest: int | None = None,
    oldest: int | None = None,
) -> list[Drawn]:
    """Return candles whose buckets are in [since, until), ascending, the running one too.

    `zone` is that of the venue. `newest` or `oldest`: at most so many, from that end.
    """
    if minutes in STORED:
        found = _stored(instrument_id, minutes, since, until, newest, oldest)
        found += _not_stored(instrument_id, minutes, zone, since, until)
    else:
        found = _computed(instrument_id, minutes, zone, since, until, newest, oldest)
    if newest is not None:
        return found[-newest:]
    return found if oldest is None else found[:oldest]


def grouped(
    minutes: int, parts: Iterable[Drawn], zone: tzinfo
) -> Iterator[tuple[int, list[Drawn]]]:
    """Yield the buckets of an interval with their parts, which are given ascending."""
    for bucket, inside in groupby(parts, lambda each: spans.parent_of(minutes, each.bucket, zone)):
        yield bucket, list(inside)


def _stored(
    instrument_id: int,
    minutes: int,
    since: int | None,
    until: int | None,
    newest: int | None,
    oldest: int | None,
) -> list[Drawn]:
    rows = stored_list(minutes=minutes, instrument_ids=[instrument_id], since=since, until=until)
    if newest is not None:
        return drawn_list(rows.order_by("-bucket")[:newest])[::-1]
    rows = rows.order_by("bucket")
    return drawn_list(rows if oldest is None else rows[:oldest])


def _not_stored(
    instrument_id: int, minutes: int, zone: tzinfo, since: int | None, until: int | None
) -> list[Drawn]:
    """Add up what is newer than the last stored candle; none of it has closed."""
    if minutes == 1:
        return []
    part = PARTS[minutes]
    last = last_bucket(instrument_id, minutes)
    after = None if last is None else spans.next_bucket(minutes, last)
    begin = max((each for each in (after, since) if each is not None), default=None)
    if begin is not None and until is not None and until <= begin:
        return []
    parts = candle_list(
        instrument_id=instrument_id,
        minutes=part,
        zone=zone,
        since=None if begin is None else spans.begin_of(minutes, begin, zone),
        newest=MAX_PARTS,
    )
    return [
        roll_up(minutes, bucket, inside, is_closed=False)
        for bucket, inside in grouped(minutes, parts, zone)
        if until is None or bucket < until
    ]


def _computed(
    instrument_id: int,
    minutes: int,
    zone: tzinfo,
    since: int | None,
    until: int | None,
    newest: int | None,
    oldest: int | None,
) -> list[Drawn]:
    """Add weeks or months up from days, whose buckets are dates as theirs are."""
    longest = minutes // PARTS[minutes] + 1
    days = candle_list(
        instrument_id=instrument_id,
        minutes=PARTS[minutes],
        zone=zone,
        since=None if since is None else _first_from(minutes, since),
        until=None if until is None else _first_from(minutes, until),
        newest=None if newest is None else (newest + 1) * longest,
        oldest=None if oldest is None else (oldest + 1) * longest,
    )
    now = microseconds(timezone.now())
    return [
        roll_up(
            minutes,
            bucket,
            inside,
            is_closed=inside[-1].is_closed and spans.end_of(minutes, bucket, zone) <= now,
        )
        for bucket, inside in grouped(minutes, days, zone)
    ]


def _first_from(minutes: int, at: int) -> int:
    """Return the first bucket that is not before a time."""
    bucket = spans.bucket_of(minutes, at)
    return bucket if bucket == at else spans.next_bucket(minutes, bucket)


def _drawn(row: tuple[Any, ...]) -> Drawn:
    instrument_id, minutes, bucket, *values, source, is_closed, is_indicative, revision = row
    return Drawn(
        instrument_id,
        minutes,
        microseconds(bucket),
        Values(*values),
        source,
        is_closed,
        is_indicative,
        revision,
    )


def last_bucket(instrument_id: int, minutes: int, *, closed: bool = False) -> int | None:
    """Return the bucket of the newest stored candle, or of the newest that has closed."""
    found = Candle.objects.filter(instrument_id=instrument_id, minutes=minutes)
    if closed:
        found = found.filter(is_closed=True)
    newest = found.order_by("-bucket").values_list("bucket", flat=True).first()
    return None if newest is None else microseconds(newest)
