"""Run database work of the market on threads of its own.

A database that stalls holds up these threads, and neither the event loop, nor what the node does
for its sockets, nor the renewal of leases, which has its own.
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

THREADS, LEASE_THREADS, SLOW_THREADS = 4, 2, 4
_work = ThreadPoolExecutor(THREADS, thread_name_prefix="hoardrun-market")
_slow = ThreadPoolExecutor(SLOW_THREADS, thread_name_prefix="hoardrun-venue")
_leases = ThreadPoolExecutor(LEASE_THREADS, thread_name_prefix="hoardrun-lease")


async def run(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function that queries the database, without blocking the event loop.

    What has begun is not stopped if the caller is cancelled.
    """
    return await _run(_work, function, *args, **kwargs)


async def run_slow(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do the same for what waits for other machines: it holds up no other work."""
    return await _run(_slow, function, *args, **kwargs)


async def run_lease(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do the same for a lease: it waits for no other work of the market."""
    return await _run(_leases, function, *args, **kwargs)


async def _run(
    executor: ThreadPoolExecutor, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    call = partial(_call, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(executor, call)


def _call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
