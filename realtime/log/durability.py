"""Check that the database keeps commits and separates writers, as the log needs.

`manage.py serve` and each node call `require` before they serve; `manage.py check --database
default` and every `migrate` run the check. No promise of the log holds on a database that may
lose a commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection

from realtime.sql import server_settings

OVERRIDE = "ALLOW_LOSING_COMMITTED_EVENTS"
MANAGED = ", or DATABASE_DURABILITY=managed if its storage keeps commits without."
_SQLITE_FULL = 2


def problems() -> list[str]:
    """Ask the database; return one sentence per problem, which says what to change."""
    if server := server_settings.read():
        return [
            f"PostgreSQL runs with {name}=off and may lose what it has committed: "
            f"set {name}=on" + (MANAGED if name != "synchronous_commit" else ".")
            for name in server.lost_by
        ]
    with connection.cursor() as cursor:
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


@register(Tags.database)
def check_durability(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a database that may take commits back."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        found = problems()
    except DatabaseError:
        return []  # the command that connects next says it better
    kind = Warning if settings.ALLOW_LOSING_COMMITTED_EVENTS else Error
    hint = f"{OVERRIDE}=1 serves nevertheless."
    return [kind(text, hint=hint, id="realtime.E001") for text in found]
