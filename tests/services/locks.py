"""Who waits for whom in the database."""

from __future__ import annotations

from django.db import connection

from tests.services.ports import wait_until


def wait_for_a_waiter(what: str) -> None:
    """Wait until another transaction waits for a lock; of SQLite, which tells nobody, expect it."""

    def somebody_waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return bool(cursor.fetchone()[0])

    if connection.vendor == "postgresql":
        wait_until(somebody_waits, seconds=10, what=what)
