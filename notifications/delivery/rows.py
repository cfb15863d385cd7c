"""Write ladders, deliveries and attempts in bulk: each row with its values, in one statement.

Django's `bulk_update` writes a condition for each row and column, which costs more than a call to
a provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import DateTimeField, DecimalField, Field, JSONField, Model
from msgspec import json

from notifications.models import Attempt, Delivery, Escalation
from realtime.sql import table

_COLUMNS = {
    "id": "bigint", "rung": "bigint", "due_at": "timestamptz", "closed_at": "timestamptz",
    "reason": "text", "evidence": "jsonb",
}  # fmt: skip


class Moved(NamedTuple):
    """The state of a ladder after it was judged. `closed_at` is None for one that goes on."""

    notification_id: int
    rung: int
    due_at: datetime
    closed_at: datetime | None
    reason: str  # why it is closed, or the rule that it waits for
    evidence: Any


def move(moved: Sequence[Moved]) -> None:
    """Write the states of ladders. The caller has locked their rows."""
    if not moved:
        return
    text = _Times()
    given = [
        (
            one.notification_id,
            one.rung,
            text(one.due_at),
            text(one.closed_at),
            one.reason,
            None if one.evidence is None else json.encode(one.evidence).decode(),
        )
        for one in moved
    ]
    _write(Escalation, _COLUMNS, given)


def update(rows: Sequence[Delivery], names: Sequence[str]) -> None:
    """Write these columns of deliveries. The caller has locked their rows."""
    if not rows:
        return
    by_name = {field.name: field for field in Delivery._meta.concrete_fields}
    fields = [by_name[name] for name in names]
    kinds = {str(field.column): _kind(field) for field in fields}
    _write(Delivery, {"id": "bigint", **kinds}, _values(rows, [by_name["id"], *fields]))


def insert(rows: Sequence[Delivery] | Sequence[Attempt]) -> None:
    """Insert new rows. A row that exists already stays as it is."""
    if not rows:
        return
    meta = type(rows[0])._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    columns = {str(field.column): _kind(field) for field in fields}
    named = ", ".join(map(quote, columns))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH given AS ({table.given(columns)}) "
            f"INSERT INTO {quote(meta.db_table)} ({named}) "
            f"SELECT {', '.join(columns)} FROM given WHERE true "  # SQLite needs a WHERE
            "ON CONFLICT DO NOTHING",
            [table.parameter(_values(rows, fields))],
        )


def _write(model: type[Model], columns: Mapping[str, str], given: Iterable[Sequence[Any]]) -> None:
    quote, meta = connection.ops.quote_name, model._meta
    assert meta.pk is not None
    key = quote(str(meta.pk.column))
    set_to = ", ".join(f"{quote(name)} = given.{name}" for name in columns if name != "id")
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH given AS ({table.given(columns)}) UPDATE {quote(meta.db_table)} "
            f"SET {set_to} FROM given WHERE {quote(meta.db_table)}.{key} = given.id",
            [table.parameter(given)],
        )


def _kind(field: Field[Any, Any]) -> str:
    """Return the type of a column, without a length: a cast to one would cut a text silently."""
    return str(field.db_type(connection)).partition("(")[0]


def _values(rows: Sequence[Model], fields: Sequence[Field[Any, Any]]) -> list[list[Any]]:
    """Return the values of two columns or more, as JSON takes them."""
    text = _Times()
    written: dict[type[Field[Any, Any]], Callable[[Any], Any]] = {
        DateTimeField: text,
        JSONField: lambda value: json.encode(value).decode(),
        DecimalField: str,
    }
    special = [  # most columns need nothing done to them
        (place, write)
        for place, field in enumerate(fields)
        for kind, write in written.items()
        if isinstance(field, kind)
    ]
    take = attrgetter(*(field.attname for field in fields))
    found = [list(take(row)) for row in rows]
    for values in found:
        for place, write in special:
            if values[place] is not None:
                values[place] = write(values[place])
    return found


class _Times:
    """Write times as the database's driver does, each once: most rows have the same ones."""

    def __init__(self) -> None:
        self._known: dict[datetime, str] = {}

    def __call__(self, moment: datetime | None) -> str | None:
        if moment is None:
            return None
        if moment not in self._known:
            self._known[moment] = str(connection.ops.adapt_datetimefield_value(moment))
        return self._known[moment]
