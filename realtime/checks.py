"""System checks of the engine: `manage.py check --database default`, and every `migrate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from realtime import append_only
from realtime.log import durability


@register(Tags.database)
def check_durability(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a database that may take commits back."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        found = durability.problems()
    except DatabaseError:
        return []  # whoever connects next says it better
    kind = Warning if settings.ALLOW_LOSING_COMMITTED_EVENTS else Error
    hint = f"{durability.OVERRIDE}=1 serves nevertheless."
    return [kind(text, hint=hint, id="realtime.E001") for text in found]


@register(Tags.database)
def check_records(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn of tables of records that SQL by hand could change."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        found = append_only.missing(connections[DEFAULT_DB_ALIAS])
    except DatabaseError:
        return []
    return [
        Warning(
            f"No trigger refuses {operation} on the records in {table}.",
            hint="`manage.py migrate` makes it.",
            id="realtime.W002",
        )
        for table, operation in found
    ]
