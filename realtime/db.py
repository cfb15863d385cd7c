"""Database work for the engine's event loop, on a few threads of its own.

Channels' helper shares one thread with every other consumer of the process, so one
slow query would delay all. These threads are bounded: a storm of connects queues
here, and never asks the connection pool for more than it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 4
_executor = ThreadPoolExecutor(THREADS, thread_name_prefix="hoardrun-db")


async def run(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function that queries, without blocking the event loop."""
    return await asyncio.get_running_loop().run_in_executor(
        _executor, partial(_call, function, *args, **kwargs)
    )


def now() -> datetime:
    """Return the database's time, which all nodes share; synchronous.

    What one node writes and another compares with "now" is in this time: the clock of a
    node may be wrong.
    """
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


def _call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
