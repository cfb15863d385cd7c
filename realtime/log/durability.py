"""Check that the database keeps commits and separates writers, as the log needs.

`manage.py serve` and each node call `require` before they serve. No promise of the log holds on a
database that may lose a commit.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

OVERRIDE = "ALLOW_LOSING_COMMITTED_EVENTS"
_SQLITE_FULL = 2


def problems() -> list[str]:
    """Ask the database; return one sentence per problem, which says what to change."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT name, setting FROM pg_settings WHERE name IN "
                "('fsync', 'synchronous_commit', 'full_page_writes') AND setting = 'off'"
            )
            return [
                f"PostgreSQL runs with {name}=off and may lose what it has committed: "
                f"set {name}=on."
                for name, _ in sorted(cursor.fetchall())
            ]
        found = []
        cursor.execute("PRAGMA synchronous")
        if cursor.fetchone()[0] < _SQLITE_FULL:
            found.append(
                "SQLite runs with less than synchronous=FULL and may lose what it has "
                "committed: run `PRAGMA synchronous=FULL` in init_command."
            )
        if getattr(connection, "transaction_mode", None) not in {"IMMEDIATE", "EXCLUSIVE"}:
            found.append(
                "SQLite begins transactions as readers, which fail when they write: "
                "set transaction_mode to IMMEDIATE."
            )
        return found


def require() -> None:
    """Raise ImproperlyConfigured if commits may be lost and the settings do not allow it."""
    if not settings.ALLOW_LOSING_COMMITTED_EVENTS and (found := problems()):
        raise ImproperlyConfigured(
            " ".join(found) + f" To serve nevertheless, for data that may vanish, set {OVERRIDE}=1."
        )
