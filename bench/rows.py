"""Rows that PostgreSQL has read and written so far, by table, from its own statistics."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import psycopg

from tests.services.ports import wait_until

_COUNTED = (
    "SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0), "
    "n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables"
)
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


class Rows(NamedTuple):
    """Rows by table: live ones that a scan or an index fetched, and those that were written."""

    read: Counter[str]
    written: Counter[str]

    def since(self, before: Rows) -> Rows:
        """Return what was added after an earlier look."""
        return Rows(self.read - before.read, self.written - before.written)


def analyze(url: str) -> None:
    """Tell the planner what the tables hold, as autovacuum does within a minute."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def look(url: str) -> Rows:
    """Read the statistics of a database."""
    with psycopg.connect(url) as connection:
        found = connection.execute(_COUNTED).fetchall()
    return Rows(
        Counter({table: read for table, read, _ in found}),
        Counter({table: written for table, _, written in found}),
    )


def look_at_rest(url: str) -> Rows:
    """Read the statistics once no other session is left: each hands its counts over at its end."""
    with psycopg.connect(url, autocommit=True) as connection:

        def is_alone() -> bool:
            row = connection.execute(_OTHERS).fetchone()
            return row is not None and row[0] == 0

        wait_until(is_alone, seconds=30, what="all other sessions end")
    return look(url)
