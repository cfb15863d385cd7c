"""Many rows of a model in one statement of PostgreSQL, whatever columns it has by now."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import NOT_PROVIDED, AutoField, DateTimeField, Field, Model

FIRST = 1_000_000  # the first id of users and rows that a benchmark makes


def insert(model: type[Model], count: int, *, first: int = FIRST, **given: str) -> None:
    """Insert rows numbered `n`, from `first` on: `given` has an SQL expression for each column.

    Other columns get their defaults, times the moment.
    """
    quote = connection.ops.quote_name
    columns, values, parameters = [], [], []
    for field in model._meta.concrete_fields:
        name = field.name if field.name in given else field.attname
        if name in given:
            value = given.pop(name)
        elif isinstance(field, AutoField):
            continue
        elif isinstance(field, DateTimeField) and not field.null:
            value = "now()"
        else:
            value = "%s"
            parameters.append(_default(field))
        columns.append(quote(str(field.column)))
        values.append(value)
    assert not given, f"{model.__name__} has no {', '.join(given)}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns)}) "
            f"SELECT {', '.join(values)} FROM generate_series({first}, {first + count - 1}) AS n",
            parameters,
        )


def run(statement: str) -> None:
    """Run a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _default(field: Field[Any, Any]) -> Any:
    if field.null or not (field.has_default() or field.empty_strings_allowed):
        return None
    value = field.get_default() if field.default is not NOT_PROVIDED else ""
    return field.get_db_prep_save(value, connection)
