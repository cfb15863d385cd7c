"""Find replication slots of PostgreSQL that nobody reads, and that fill its disk.

The server keeps all it has written since the slot's reader was last there, until somebody drops the
slot. SQLite has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

_UNREAD = (
    "SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint "
    "FROM pg_replication_slots "
    "WHERE NOT active AND restart_lsn IS NOT NULL AND NOT pg_is_in_recovery() ORDER BY 2 DESC"
)


@dataclass(frozen=True)
class Slot:
    """A slot without a reader, and how many bytes of log the server keeps for it."""

    name: str
    kept_bytes: int


def unread() -> list[Slot]:
    """List the slots without a reader, the most costly first. It reads no table."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD)
        return [Slot(name, kept or 0) for name, kept in cursor.fetchall()]


def doubts() -> Iterator[str]:
    """Say which slots a monitor should hear of."""
    for slot in unread():
        yield (
            f"nobody reads the replication slot {slot.name}, for which PostgreSQL keeps "
            f"{slot.kept_bytes / 1e6:,.0f} MB of its log, and ever more: start its reader, "
            f"or SELECT pg_drop_replication_slot('{slot.name}')"
        )
