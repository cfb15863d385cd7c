"""Database work for the engine's event loop, on a few threads of its own.

Channels' helper shares one thread with every other consumer of the process, so one
slow query would delay all. These threads are bounded: a storm of connects queues
here, and never asks the connection pool for more than it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
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
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp()" if postgres else "SELECT strftime('%Y-%m-%d %H:%M:%f')"
        )
        found = cursor.fetchone()[0]
    return datetime.fromisoformat(found).replace(tzinfo=UTC) if isinstance(found, str) else found


def _call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
