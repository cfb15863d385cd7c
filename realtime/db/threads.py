"""Run database work of the engine's event loop on a few threads.

Channels' helper shares one thread among all consumers of a process, so one slow query would delay
them all. The number of threads is bounded: a storm of connects queues here and never takes more
connections than the pool has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 4
_executor = ThreadPoolExecutor(THREADS, thread_name_prefix="hoardrun-db")


async def run(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function that queries the database, without blocking the event loop."""
    return await asyncio.get_running_loop().run_in_executor(
        _executor, partial(_call, function, *args, **kwargs)
    )


def _call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
