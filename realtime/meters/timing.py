"""Time a function that queries the database, under one of a few names."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from realtime.meters.table import meters

P = ParamSpec("P")
R = TypeVar("R")


def timed(what: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function of a database thread: its time goes into `db_query_seconds`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                seconds = time.perf_counter() - began
                with meters.lock:
                    meters.db_query_seconds[what].observe(seconds)

        return call

    return decorate
