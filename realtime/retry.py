"""Run a database transaction again when the database asks for it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, connection

P = ParamSpec("P")
R = TypeVar("R")

# Serialization failure, deadlock, and a row gone that was there when the transaction began.
RETRYABLE_SQLSTATES = frozenset({"40001", "40P01", "23503"})
MAX_ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.01


def retried(function: Callable[P, R]) -> Callable[P, R]:
    """Repeat a function that is one whole transaction when it loses a conflict.

    Inside a caller's `atomic()` it runs once: only the outermost transaction can
    be repeated, so the error goes there.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        attempt = 1
        while True:
            try:
                return function(*args, **kwargs)
            except (OperationalError, IntegrityError) as error:
                sqlstate = getattr(error.__cause__, "sqlstate", None)
                if (
                    connection.in_atomic_block
                    or attempt == MAX_ATTEMPTS
                    or sqlstate not in RETRYABLE_SQLSTATES
                ):
                    raise
            # Jitter, or the same two would meet again.
            time.sleep(random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt))
            attempt += 1

    return call
