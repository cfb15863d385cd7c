"""Repeat a database transaction after a conflict with another one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction

from realtime.meters import meters

P = ParamSpec("P")
R = TypeVar("R")

# Serialization failure, deadlock, and a referenced row that was deleted meanwhile.
RETRYABLE_SQLSTATES = {
    "40001": "serialization",
    "40P01": "deadlock",
    "23503": "row_deleted",
}
LOCK_TIMEOUT = "55P03"
_COUNTED = "_hoardrun_counted"
MAX_ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.01


def retried(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that is one whole transaction: repeat it after a conflict.

    At most MAX_ATTEMPTS times, with random pauses. Inside a caller's `atomic()` it runs once and
    raises: only the outermost transaction can be repeated.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        attempt = 1
        while True:
            try:
                return function(*args, **kwargs)
            except (OperationalError, IntegrityError) as error:
                sqlstate = getattr(error.__cause__, "sqlstate", None)
                if sqlstate == LOCK_TIMEOUT and not hasattr(error, _COUNTED):
                    setattr(error, _COUNTED, True)  # it passes through each function above
                    with meters.lock:
                        meters.lock_timeouts += 1
                if (
                    connection.in_atomic_block
                    or attempt == MAX_ATTEMPTS
                    or sqlstate not in RETRYABLE_SQLSTATES
                ):
                    raise
                with meters.lock:
                    meters.retries[RETRYABLE_SQLSTATES[sqlstate]] += 1
            # Random, so that the same two do not collide again.
            time.sleep(random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt))
            attempt += 1

    return call


def one_transaction(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function to run as one transaction, repeated as `retried` says."""
    return retried(transaction.atomic(function))
