"""Rows that PostgreSQL has read and written so far, by table, from its own statistics."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import psycopg

# A session hands over what it counted when it is idle for a second.
HAND_OVER_SECONDS = 1.5
_COUNTED = (
    "SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0), "
    "n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables"
)


class Rows(NamedTuple):
    """Rows by table: live ones that a scan or an index fetched, and those that were written."""

    read: Counter[str]
    written: Counter[str]

    def since(self, before: Rows) -> Rows:
        """Return what was added after an earlier look."""
        return Rows(self.read - before.read, self.written - before.written)


def look(url: str) -> Rows:
    """Read the statistics of a database."""
    with psycopg.connect(url) as connection:
        found = connection.execute(_COUNTED).fetchall()
    return Rows(
        Counter({table: read for table, read, _ in found}),
        Counter({table: written for table, _, written in found}),
    )
