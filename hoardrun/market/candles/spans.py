"""The intervals of candles, and which span of time a moment falls into. Pure.

Times are whole microseconds since 1970 in UTC. Up to four hours, spans lie on the UTC clock, and a
candle's bucket is the moment at which its span begins. Days, weeks and months follow the calendar
of the instrument's venue; their bucket is the first date, as midnight in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

MINUTE: Final = 60_000_000
DAY_MINUTES: Final = 1440
WEEK_MINUTES: Final = 7 * DAY_MINUTES
MONTH_MINUTES: Final = 30 * DAY_MINUTES  # stands for a calendar month

INTERVALS: Final = {
    "1m": 1,
    "5m": 5,
    "15m": 15,
    "30m": 30,
    "1h": 60,
    "4h": 240,
    "1d": DAY_MINUTES,
    "1w": WEEK_MINUTES,
    "1M": MONTH_MINUTES,
}
NAMES: Final = {minutes: name for name, minutes in INTERVALS.items()}
# What each interval is rolled up from; minutes come from the venue.
PARTS: Final = {
    5: 1,
    15: 1,
    30: 1,
    60: 1,
    240: 60,
    DAY_MINUTES: 60,
    WEEK_MINUTES: DAY_MINUTES,
    MONTH_MINUTES: DAY_MINUTES,
}
STORED: Final = (1, 5, 15, 30, 60, 240, DAY_MINUTES)  # the others are computed when they are read
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """Return a time as a datetime."""
    return _EPOCH + timedelta(microseconds=at)


def microseconds(when: datetime) -> int:
    """Return a datetime as whole microseconds, exactly."""
    return (when - _EPOCH) // _MICROSECOND


def bucket_of(minutes: int, at: int, zone: tzinfo = UTC) -> int:
    """Return the bucket of the span that a moment falls into; `zone` is the venue's."""
    if minutes < DAY_MINUTES:
        return at - at % (minutes * MINUTE)
    return _bucket(_first_day(minutes, moment(at).astimezone(zone).date()))


def parent_of(minutes: int, bucket: int, zone: tzinfo = UTC) -> int:
    """Return the bucket that a candle of the interval's parts belongs to."""
    # The bucket of a day is a date already.
    return bucket_of(minutes, bucket, UTC if PARTS[minutes] >= DAY_MINUTES else zone)


def next_bucket(minutes: int, bucket: int) -> int:
    """Return the bucket of the span that follows."""
    if minutes != MONTH_MINUTES:
        return bucket + minutes * MINUTE
    return _bucket(_first_day(minutes, _date(bucket) + timedelta(days=31)))


def begin_of(minutes: int, bucket: int, zone: tzinfo = UTC) -> int:
    """Return the moment at which a span begins."""
    if minutes < DAY_MINUTES:
        return bucket
    return microseconds(datetime.combine(_date(bucket), time(), tzinfo=zone))


def end_of(minutes: int, bucket: int, zone: tzinfo = UTC) -> int:
    """Return the moment at which a span has passed."""
    return begin_of(minutes, next_bucket(minutes, bucket), zone)


def _first_day(minutes: int, day: date) -> date:
    if minutes == WEEK_MINUTES:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if minutes == MONTH_MINUTES else day


def _bucket(day: date) -> int:
    return (day - _EPOCH.date()).days * DAY_MINUTES * MINUTE


def _date(bucket: int) -> date:
    return moment(bucket).date()
