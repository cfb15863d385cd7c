"""Keep candles as long as the options say; days are kept for ever. A job of every node."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import connection

from hoardrun.market.candles import partitions
from hoardrun.market.candles.partitions import FIVES, HOURS, MINUTES, Part
from hoardrun.market.models import Candle, CandleHole
from hoardrun.market.options import options
from realtime import clock, jobs

NAME = "market_candles"
LOOK_SECONDS = 60.0
MONTHS_SECONDS = 3600.0  # between two looks at partitions
ROWS = 5000  # that are deleted at a time, so that nobody waits


def apply_if_due() -> None:
    """Delete what is no longer kept, unless a node has done so within the time."""
    seconds = MONTHS_SECONDS if partitions.are_used() else LOOK_SECONDS
    if jobs.claim(NAME, seconds) and not apply():
        jobs.give_back(NAME)


def apply() -> bool:
    """Do it now; return whether all steps succeeded. A step that fails is logged."""
    now, steps = clock.now(), dict[str, Callable[[], object]]()
    for part, days in kept().items():
        before = now - timedelta(days=days)
        if partitions.are_used():
            steps[f"make {part.table}"] = partial(partitions.make_months, part, now)
            steps[f"drop {part.table}"] = partial(partitions.drop_months, part, before)
        else:
            steps[part.table] = partial(delete_before, part, before)
        steps[f"holes of {part.table}"] = CandleHole.objects.filter(
            minutes__in=part.minutes, until__lt=before
        ).delete
    return jobs.run_each(NAME, steps).keys() == steps.keys()


def kept() -> dict[Part, float]:
    """Return how many days each part is kept."""
    days = options()
    return {
        MINUTES: days.candle_minute_days,
        FIVES: days.candle_five_minute_days,
        HOURS: days.candle_hour_days,
    }


def delete_before(part: Part, before: datetime) -> int:
    """Delete at most ROWS candles of SQLite's table; return how many."""
    deleted = 0
    table = connection.ops.quote_name(Candle._meta.db_table)
    for minutes in part.minutes:
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} "
                "WHERE minutes = %s AND bucket < %s ORDER BY bucket LIMIT %s)",
                [minutes, connection.ops.adapt_datetimefield_value(before), ROWS - deleted],
            )
            deleted += cursor.rowcount
    return deleted
