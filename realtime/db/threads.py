"""Database work for the engine's event loop, on a few threads of its own.

Channels' helper shares one thread with every other consumer of the process, so one
slow query would delay all. These threads are bounded: a storm of connects queues
here, and never asks the connection pool for more than it has.
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
    """Call a function that queries, without blocking the event loop."""
    return await asyncio.get_running_loop().run_in_executor(
        _executor, partial(_call, function, *args, **kwargs)
    )


def _call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
