"""Move many ladders in one statement: each to its own rung, time and end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from notifications.models import Escalation
from realtime.sql import table

_COLUMNS = {
    "id": "bigint", "rung": "bigint", "due_at": "timestamptz", "closed_at": "timestamptz",
    "reason": "text", "evidence": "jsonb",
}  # fmt: skip


class Moved(NamedTuple):
    """Where a ladder stands after it was judged. `closed_at` is None for one that goes on."""

    notification_id: int
    rung: int
    due_at: datetime
    closed_at: datetime | None
    reason: str  # why it is closed, or the rule that it waits for
    evidence: Any


def move(moved: Sequence[Moved]) -> None:
    """Write where ladders stand. The caller holds their rows."""
    if not moved:
        return
    given = [
        (
            one.notification_id,
            one.rung,
            _text(one.due_at),
            _text(one.closed_at),
            one.reason,
            None if one.evidence is None else json.dumps(one.evidence),
        )
        for one in moved
    ]
    quote, meta = connection.ops.quote_name, Escalation._meta
    key = quote(str(meta.pk.column))
    set_to = ", ".join(f"{quote(name)} = given.{name}" for name in _COLUMNS if name != "id")
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH given AS ({table.given(_COLUMNS)}) UPDATE {quote(meta.db_table)} "
            f"SET {set_to} FROM given WHERE {quote(meta.db_table)}.{key} = given.id",
            [table.parameter(given)],
        )


def _text(moment: datetime | None) -> str | None:
    """Return a time as the database's driver writes it."""
    adapted = connection.ops.adapt_datetimefield_value(moment)
    return None if adapted is None else str(adapted)
