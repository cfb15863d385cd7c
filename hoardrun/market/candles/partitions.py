"""The partitions of candles on PostgreSQL: made for each month, and dropped when it is past.

The migration of the table has made its parts, by how long candles are kept; days are kept for ever.
A candle of a month without a partition is kept in a default one, from which it moves.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

LOCK_SECONDS = 2  # that readers and writers may be held up; else it is tried an hour later
_MONTH = re.compile(r"_(\d{4})_(\d{2})$")


class Part(NamedTuple):
    """One part of the table, and the minutes of its candles."""

    table: str
    minutes: tuple[int, ...]


MINUTES = Part("market_candle_1m", (1,))
FIVES = Part("market_candle_5m", (5,))
HOURS = Part("market_candle_hours", (15, 30, 60, 240))


def are_used() -> bool:
    """Say whether this database has partitions."""
    return connection.vendor == "postgresql"


def make_months(part: Part, now: datetime) -> list[str]:
    """Make the partitions of this month, of the next one, and of what the default one holds.

    Return the names of those that are new. Raises OperationalError if the table is locked.
    """
    this = month_of(now)
    wanted = {this, next_month(this)}
    if (span := _unplaced(part)) is not None:
        month, last = month_of(span[0]), month_of(span[1])
        while month <= last:
            wanted.add(month)
            month = next_month(month)
    known = set(months(part))
    for month in sorted(wanted - known):
        _make(part, month)
    return [name_of(part, month) for month in sorted(wanted - known)]


def drop_months(part: Part, before: datetime) -> list[str]:
    """Drop the partitions of months that ended before a time; return their names.

    Raises OperationalError if the table is locked.
    """
    old = [month for month in months(part) if next_month(month) <= before]
    for month in old:
        _in_one_go([f"DROP TABLE {name_of(part, month)}"])
    return [name_of(part, month) for month in old]


def months(part: Part) -> list[datetime]:
    """Return the months that have a partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT child.relname FROM pg_inherits "
            "JOIN pg_class child ON child.oid = inhrelid "
            "WHERE inhparent = to_regclass(%s) ORDER BY child.relname",
            [part.table],
        )
        found = [_MONTH.search(name) for (name,) in cursor.fetchall()]
    return [datetime(int(each[1]), int(each[2]), 1, tzinfo=UTC) for each in found if each]


def name_of(part: Part, month: datetime) -> str:
    return f"{part.table}_{month:%Y_%m}"


def month_of(when: datetime) -> datetime:
    """Return when the month of a moment begins, in UTC."""
    return datetime(when.year, when.month, 1, tzinfo=UTC)


def next_month(month: datetime) -> datetime:
    return month_of(month + timedelta(days=31))


def _unplaced(part: Part) -> tuple[datetime, datetime] | None:
    """Return the first and the last time that the default partition holds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(bucket), max(bucket) FROM {part.table}_other")
        first, last = cursor.fetchone()
    return None if first is None else (first.astimezone(UTC), last.astimezone(UTC))


def _make(part: Part, month: datetime) -> None:
    name, other = name_of(part, month), f"{part.table}_other"
    begin, end = (each.strftime("%Y-%m-%d 00:00:00+00") for each in (month, next_month(month)))
    _in_one_go(
        [
            f"LOCK TABLE {other} IN ACCESS EXCLUSIVE MODE",
            f"CREATE TABLE {name} (LIKE {part.table} INCLUDING ALL)",
            f"WITH moved AS (DELETE FROM {other} WHERE bucket >= '{begin}' AND bucket < '{end}' "
            f"RETURNING *) INSERT INTO {name} SELECT * FROM moved",
            f"ALTER TABLE {part.table} ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{begin}') TO ('{end}')",
        ]
    )


def _in_one_go(statements: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        for statement in statements:
            cursor.execute(statement)
