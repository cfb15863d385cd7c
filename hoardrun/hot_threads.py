"""A few threads that keep their database connection, for requests that are answered in one call.

Django gives a connection back after each request, and the pool looks at it before the next one
gets it: that costs as much as a query.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

from realtime import log_context

MAX_THREADS = 4
KEPT_SECONDS = 5.0  # then the connection goes back to the pool, which looks at it
P = ParamSpec("P")
T = TypeVar("T")


class HotThreads:
    """Runs calls for an event loop. Together the threads keep at most half of the pool."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(_number(), thread_name_prefix="hoardrun-hot")
        self._own = threading.local()
        self._kept: list[Any] = []

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call in one of the threads. Its log lines have the id of the request.

        No other variable of the context goes along: caches are kept for each thread.
        """
        work = log_context.work.get()

        def called() -> T:
            token = log_context.work.set(work)
            try:
                return call(*args, **kwargs)
            finally:
                log_context.work.reset(token)

        return await asyncio.get_running_loop().run_in_executor(self._executor, called)

    def connected(self, call: Callable[[], T]) -> T:
        """Call with this thread's connection, and once more if that turns out to be dead.

        So call what only reads. Raises what the second call raises.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        now, until = time.monotonic(), getattr(self._own, "until", None)
        if until is None:
            connection.inc_thread_sharing()  # for `close`
            self._kept.append(connection)
        is_fresh = until is None or now >= until or connection.connection is None
        if is_fresh:
            connection.close()
            self._own.until = now + KEPT_SECONDS
        try:
            return call()
        except (OperationalError, InterfaceError):
            connection.close()
            if is_fresh:
                raise
        except BaseException:
            connection.close()
            raise
        return call()

    def close(self) -> None:
        """End the threads, and give their connections back."""
        self._executor.shutdown()
        while self._kept:
            self._kept.pop().close()


def _number() -> int:
    pool = settings.DATABASES[DEFAULT_DB_ALIAS].get("OPTIONS", {}).get("pool")
    size = pool.get("max_size", MAX_THREADS) if isinstance(pool, dict) else 2 * MAX_THREADS
    return max(1, min(MAX_THREADS, size // 2))
