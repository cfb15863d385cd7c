"""The database's time, which all nodes share.

A time that one node writes and another compares is in this time: the clock of a node may
be wrong.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection


def now() -> datetime:
    """Ask the database for its time. Synchronous: one query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {now_sql()}", [])
        return moment_of(cursor.fetchone()[0])


def now_sql(ago: timedelta = timedelta(0)) -> str:
    """Return an SQL expression: the database's time, or a time before it.

    It is the same moment throughout a statement. Give `execute` a list of parameters with it,
    even an empty one: percent signs are doubled.
    """
    seconds = ago.total_seconds()
    if connection.vendor == "postgresql":
        before = f" - interval '{seconds} seconds'" if seconds else ""
        return f"(statement_timestamp(){before})"
    return f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-{seconds} seconds')"


def moment_of(value: datetime | str) -> datetime:
    """Read a time as the database driver returns it: SQLite's is text, in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value if value.tzinfo else value.replace(tzinfo=UTC)
