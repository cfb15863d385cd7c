"""Candles of days that a file has, stored beside those that are built of live prices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import Max

from hoardrun.market.candles.selectors import zone_of
from hoardrun.market.models import Candle, Instrument

DAY_MINUTES = 1440
LOOK_BACK = timedelta(days=60)
_ROWS = 500
_VALUES = ("open", "high", "low", "close", "volume")


class DayCandle(NamedTuple):
    """A day of an instrument: prices are open, high, low and close, scaled by its decimals.

    `is_traded`: by an exchange. A bank's rate is indicative.
    """

    instrument_id: int
    day: date
    prices: tuple[int, int, int, int]
    volume: int | None
    source: str
    is_traded: bool


class Stored(NamedTuple):
    """Two counts: candles that are new or changed, and those left to another source."""

    changed: int
    left: int


def store(days: Iterable[DayCandle]) -> Stored:
    """Store candles of days. Call it in a transaction.

    A candle that another source has made stays, and so does the day that one is making.
    """
    given = list(days)
    running = _running({each.instrument_id for each in given})
    rows = [each for each in given if running.get(each.instrument_id) != each.day]
    rows.sort(key=lambda each: (each.instrument_id, each.day))
    changed, left = 0, len(given) - len(rows)
    for start in range(0, len(rows), _ROWS):
        page = _store(rows[start : start + _ROWS])
        changed, left = changed + page.changed, left + page.left
    return Stored(changed, left)


def last_closes(source: str, instrument_ids: Sequence[int], before: date) -> dict[int, int]:
    """Return the last close of each instrument that a source gave in the weeks before a day."""
    until = _bucket(before)
    found = Candle.objects.filter(
        instrument_id__in=instrument_ids,
        minutes=DAY_MINUTES,
        bucket__gte=until - LOOK_BACK,
        bucket__lt=until,
        source=source,
    )
    # Ascending, so that the newest of each stays.
    return dict(found.order_by("bucket").values_list("instrument_id", "close"))


def _running(instrument_ids: Collection[int]) -> dict[int, date]:
    """Return the day of the newest minute of each instrument: its candle is made of minutes."""
    minutes = Candle.objects.filter(instrument_id__in=instrument_ids, minutes=1)
    newest = dict(minutes.values_list("instrument_id").annotate(Max("bucket")))
    return {
        instrument.pk: newest[instrument.pk].astimezone(zone_of(instrument)).date()
        for instrument in Instrument.objects.filter(pk__in=newest)
    }


def _store(rows: Sequence[DayCandle]) -> Stored:
    buckets = [_bucket(row.day) for row in rows]
    stored = {
        (candle.instrument_id, candle.bucket): candle
        for candle in Candle.objects.filter(
            instrument_id__in={row.instrument_id for row in rows},
            minutes=DAY_MINUTES,
            bucket__range=(min(buckets), max(buckets)),
        )
    }
    better, left = [], 0
    for row in rows:
        old, new = stored.get((row.instrument_id, _bucket(row.day))), _candle(row)
        if old is not None:
            if old.source != row.source:
                left += 1
                continue
            if all(getattr(old, name) == getattr(new, name) for name in _VALUES):
                continue
            new.revision = old.revision + 1
        better.append(new)
    Candle.objects.bulk_create(
        better,
        update_conflicts=True,
        unique_fields=["instrument_id", "minutes", "bucket"],
        update_fields=[*_VALUES, "is_closed", "is_indicative", "revision", "source", "epoch"],
    )
    return Stored(len(better), left)


def _candle(row: DayCandle) -> Candle:
    open_, high, low, close = row.prices
    return Candle(
        instrument_id=row.instrument_id,
        minutes=DAY_MINUTES,
        bucket=_bucket(row.day),
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=row.volume,
        is_closed=True,
        is_indicative=not row.is_traded,
        source=row.source,
    )


def _bucket(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
