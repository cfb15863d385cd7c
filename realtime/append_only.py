"""Records: rows that are inserted once and never changed or deleted through the ORM.

Triggers refuse changes by plain SQL too, on SQLite and PostgreSQL. Only the columns that a model
names in `ERASABLE` may be emptied, to forget a person, and only a row older than `KEPT_FOR` may be
deleted, where a model sets that.

`migrate` creates the triggers at its end, for every `AppendOnly` model. It creates missing ones, as
a migration that rebuilds a table on SQLite drops them, and replaces changed ones: a trigger's name
ends with a digest of its definition. A data migration that must change records drops them first.
They stop neither TRUNCATE, which `manage.py flush` needs, nor an owner who drops them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple, NoReturn, TypeVar

from django.apps import apps
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

Row = TypeVar("Row", bound=models.Model)


_SQLITE = """
CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" WHEN {condition}
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
CREATE TRIGGER "{name}" BEFORE {event} ON "{table}"
FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION hoardrun_record_is_final()
"""


class RecordIsFinal(Exception):
    """A record was to be changed or deleted; insert another record instead."""

    def __init__(self, model: type[models.Model]) -> None:
        super().__init__(f"A {model._meta.verbose_name} is a record: it is never changed.")


class AppendOnlyQuerySet(models.QuerySet[Row]):
    """Rows that can be inserted and read."""

    def _refuse(self, *arguments: Any, **options: Any) -> NoReturn:
        raise RecordIsFinal(self.model)

    update = delete = bulk_update = _refuse

    def forget(self) -> int:
        """Delete rows, all of which must be older than KEPT_FOR; return how many."""
        if getattr(self.model, "KEPT_FOR", None) is None:
            raise RecordIsFinal(self.model)
        return super().delete()[0]

    def erase(self) -> int:
        """Empty the columns of ERASABLE; return how many rows had something in them."""
        columns: tuple[str, ...] = getattr(self.model, "ERASABLE", ())
        if not columns:
            raise RecordIsFinal(self.model)
        fields = [self.model._meta.get_field(name) for name in columns]
        empty = {field.name: b"" if _is_binary(field) else "" for field in fields}
        filled = self.exclude(models.Q(**empty))
        return int(super(AppendOnlyQuerySet, filled).update(**empty))

    def bulk_create(
        self, objs: Any, batch_size: int | None = None, *conflicts: Any, **options: Any
    ) -> list[Row]:
        if conflicts or options:  # they would change an existing row, or hide that it exists
            raise RecordIsFinal(self.model)
        return super().bulk_create(objs, batch_size)


class AppendOnly(models.Model):
    """Base of records. Raises RecordIsFinal for everything but an insert."""

    # Columns of text or bytes with personal data beyond a user's id.
    ERASABLE: ClassVar[tuple[str, ...]] = ()
    # How old a row is, by its `created_at`, before it may be deleted; None: it never may.
    KEPT_FOR: ClassVar[timedelta | None] = None

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, **options: Any) -> None:
        if not self._state.adding or options.get("update_fields") is not None:
            raise RecordIsFinal(type(self))
        # With the key of an existing row, Django would update that row.
        super().save(force_insert=True, using=options.get("using"))

    def delete(self, using: Any = None, keep_parents: bool = False) -> NoReturn:
        raise RecordIsFinal(type(self))


class Trigger(NamedTuple):
    """A trigger that refuses one operation on one table."""

    table: str
    operation: str  # UPDATE, DELETE, or on SQLite REPLACE
    condition: str

    @property
    def name(self) -> str:
        digest = zlib.crc32(self.condition.encode())
        return f"{_prefix(self.table, self.operation)}{digest:08x}"


def missing(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    """List the tables of records, each with the operation that no trigger refuses yet."""
    with connection.cursor() as cursor:
        return [(trigger.table, trigger.operation) for trigger in _missing(cursor)]


@register(Tags.database)
def check_records(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn of tables of records that SQL by hand could change."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        found = missing(connections[DEFAULT_DB_ALIAS])
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


def install(using: str, **kwargs: Any) -> None:
    """Make the triggers that are missing; the receiver of `post_migrate`."""
    with connections[using].cursor() as cursor:
        todo = _missing(cursor)
        if todo and cursor.db.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
        statement = _POSTGRESQL if cursor.db.vendor == "postgresql" else _SQLITE
        for trigger in todo:
            drop(cursor, trigger.table, trigger.operation)  # of an older definition
            event = "INSERT" if trigger.operation == "REPLACE" else trigger.operation
            words = {"name": trigger.name, "event": event}
            cursor.execute(statement.format(**words, **trigger._asdict()))


def remove(using: str, operation: str) -> None:
    """Drop the triggers of one operation, as a data migration or a test needs it."""
    with connections[using].cursor() as cursor:
        for model in _records():
            drop(cursor, model._meta.db_table, operation)


def drop(cursor: CursorWrapper, table: str, operation: str) -> None:
    """Drop the triggers that refuse an operation on a table, in any of their definitions."""
    on = f' ON "{table}"' if cursor.db.vendor == "postgresql" else ""
    for name, its_table in _there(cursor):
        if its_table == table and f"{name}_".startswith(_prefix(table, operation)):
            cursor.execute(f'DROP TRIGGER "{name}"{on}')


def _records() -> list[type[AppendOnly]]:
    return [model for model in apps.get_models() if issubclass(model, AppendOnly)]


def _missing(cursor: CursorWrapper) -> list[Trigger]:
    there = {name for name, _ in _there(cursor)}
    tables = set(cursor.db.introspection.table_names(cursor))
    wanted = [trigger for model in _records() for trigger in _wanted(model, cursor.db.vendor)]
    return [one for one in wanted if one.name not in there and one.table in tables]


def _wanted(model: type[AppendOnly], vendor: str) -> list[Trigger]:
    table = model._meta.db_table
    triggers = [
        Trigger(table, "UPDATE", _changed(model, vendor)),
        Trigger(table, "DELETE", _kept(model, vendor)),
    ]
    if vendor == "sqlite":
        # INSERT OR REPLACE deletes conflicting rows without calling their DELETE triggers.
        triggers.append(Trigger(table, "REPLACE", _taken(model)))
    return triggers


def _changed(model: type[AppendOnly], vendor: str) -> str:
    """Return the SQL condition: an update does more than empty columns of ERASABLE."""
    differs = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"

    def empty(field: Any) -> str:
        # PostgreSQL reads the text as bytes; to SQLite, no text is equal to bytes.
        return "x''" if _is_binary(field) and vendor == "sqlite" else "''"

    return " OR ".join(
        f'(NEW."{field.column}" {differs} OLD."{field.column}"'
        + (
            f' AND NEW."{field.column}" {differs} {empty(field)})'
            if field.name in model.ERASABLE
            else ")"
        )
        for field in model._meta.concrete_fields
    )


def _is_binary(field: Any) -> bool:
    return isinstance(field, models.BinaryField)


def _kept(model: type[AppendOnly], vendor: str) -> str:
    """Return the SQL condition: a deleted row must be kept still, by the database's time."""
    if model.KEPT_FOR is None:
        return "TRUE"
    days = model.KEPT_FOR.days
    if vendor == "postgresql":
        return f"OLD.created_at > now() - interval '{days} days'"
    return f"OLD.created_at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-{days} days')"


def _taken(model: type[AppendOnly]) -> str:
    """Return the SQL condition: a new row has unique values of an existing row."""
    fields = model._meta.concrete_fields
    unique = [[field.column] for field in fields if field.unique]
    for constraint in model._meta.total_unique_constraints:
        unique.append([field.column for field in fields if field.name in constraint.fields])
    return " OR ".join(
        f'EXISTS (SELECT 1 FROM "{model._meta.db_table}" WHERE '
        + " AND ".join(f'"{column}" = NEW."{column}"' for column in columns)
        + ")"
        for columns in unique
    )


def _there(cursor: CursorWrapper) -> list[tuple[str, str]]:
    """Return name and table of all triggers of this schema."""
    cursor.execute(
        "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid)"
        if cursor.db.vendor == "postgresql"
        else "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    )
    return list(cursor.fetchall())


def _prefix(table: str, operation: str) -> str:
    return f"{table}_no_{operation.lower()}_"
