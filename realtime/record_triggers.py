"""Triggers that keep records final for SQL by hand too, on SQLite and PostgreSQL.

`migrate` makes them at its end, for every model that is `AppendOnly`. It makes missing ones
again, since a migration that remakes a table on SQLite drops them. A data migration that has
to change records drops them first. They do not stop TRUNCATE, which `manage.py flush` needs,
nor an owner of the database that drops them.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from realtime.append_only import AppendOnly

_SQLITE = """
CREATE TRIGGER "{name}" BEFORE {operation} ON "{table}"
BEGIN SELECT RAISE(ABORT, 'A row of {table} is a record: it is never changed.'); END
"""
# SQLite's INSERT OR REPLACE deletes the rows in its way without any trigger of theirs.
_SQLITE_REPLACE = """
CREATE TRIGGER "{name}" BEFORE INSERT ON "{table}" WHEN {taken}
BEGIN SELECT RAISE(ABORT, 'A row of {table} is a record: it is never changed.'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION hoardrun_record_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'A row of % is a record: it is never changed.', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
_POSTGRESQL = """
CREATE TRIGGER "{name}" BEFORE {operation} ON "{table}"
FOR EACH ROW EXECUTE FUNCTION hoardrun_record_is_final()
"""
OPERATIONS = {
    "sqlite": ("UPDATE", "DELETE", "REPLACE"),
    "postgresql": ("UPDATE", "DELETE"),
}


def missing(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    """List the tables of records, each with the operation that no trigger refuses yet."""
    wanted = {
        _name(table, operation): (table, operation)
        for table in _records()
        for operation in OPERATIONS[connection.vendor]
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
            if connection.vendor == "postgresql"
            else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )
        there = {name for (name,) in cursor.fetchall()}
        tables = set(connection.introspection.table_names(cursor))
    return [pair for name, pair in wanted.items() if name not in there and pair[0] in tables]


def install(using: str, **kwargs: Any) -> None:
    """Make the triggers that are missing; the receiver of `post_migrate`."""
    connection = connections[using]
    if not (todo := missing(connection)):
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
        statement = _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE
        for table, operation in todo:
            name = _name(table, operation)
            if operation == "REPLACE":
                taken = _taken(table, _unique(_records()[table]))
                cursor.execute(_SQLITE_REPLACE.format(name=name, table=table, taken=taken))
            else:
                cursor.execute(statement.format(name=name, table=table, operation=operation))


def remove(using: str, operation: str) -> None:
    """Drop the triggers of one operation, as a data migration or a test needs it."""
    with connections[using].cursor() as cursor:
        for table in _records():
            on = f' ON "{table}"' if cursor.db.vendor == "postgresql" else ""
            cursor.execute(f'DROP TRIGGER IF EXISTS "{_name(table, operation)}"{on}')


def _records() -> dict[str, type[AppendOnly]]:
    return {
        model._meta.db_table: model for model in apps.get_models() if issubclass(model, AppendOnly)
    }


def _unique(model: type[AppendOnly]) -> list[list[str]]:
    """List the columns, or groups of columns, whose values no two rows share."""
    options = model._meta
    found = [[field.column] for field in options.concrete_fields if field.unique]
    for constraint in options.total_unique_constraints:
        names = constraint.fields
        found.append([field.column for field in options.concrete_fields if field.name in names])
    return found


def _taken(table: str, unique: list[list[str]]) -> str:
    """Say in SQL that a new row has a key, or other unique values, of a row that is there."""
    return " OR ".join(
        f'EXISTS (SELECT 1 FROM "{table}" WHERE '
        + " AND ".join(f'"{column}" = NEW."{column}"' for column in columns)
        + ")"
        for columns in unique
    )


def _name(table: str, operation: str) -> str:
    return f"{table}_no_{operation.lower()}"
