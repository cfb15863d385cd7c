"""Threads that use the database, and how one waits for another in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection

from tests.services.ports import wait_until


def somebody_waits() -> bool:
    """Ask PostgreSQL whether a transaction waits for a lock."""
    with connection.cursor() as cursor:
        # Within a transaction, PostgreSQL answers each question as it did the first.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def wait_for_a_waiter(what: str) -> None:
    """Wait until another transaction waits for a lock; on SQLite, which cannot tell, assume it."""
    if connection.vendor == "postgresql":
        wait_until(somebody_waits, seconds=10, what=what)


@contextmanager
def threads(most: int = 10) -> Iterator[Callable[..., Future[Any]]]:
    """Call functions in threads, each with a connection that ends with its call."""

    def call(function: Callable[..., Any], *given: Any) -> Any:
        try:
            return function(*given)
        finally:
            connection.close()

    with ThreadPoolExecutor(most) as pool:
        yield lambda function, *given: pool.submit(call, function, *given)
