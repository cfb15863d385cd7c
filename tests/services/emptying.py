"""Empty the tables after a test that commits, in milliseconds.

Django's own way empties every table, however few have rows, and then makes content types,
permissions and triggers anew. Here these stay as they are. As with Django's way, no sequence goes
back: a number that one test has seen is not given to another.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase

from hoardrun.market.models import Holiday, TradingSession

# What migrations write, and what `migrate` writes at its end. Hardly a test changes it.
SEEDED = (TradingSession, Holiday)
LASTING = (ContentType, Permission, *SEEDED)
LOCKED_SECONDS = 20
# Records refuse to be deleted, and keys refer to what goes first: no trigger runs.
_DELETE = """
DO $$
DECLARE one text;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOREACH one IN ARRAY ARRAY[{tables}] LOOP
    IF to_regclass(quote_ident(one)) IS NOT NULL THEN
      EXECUTE format('DELETE FROM %I', one);
    END IF;
  END LOOP;
END $$
"""

_flush: Any = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
_empty = sqlite3.connect(":memory:")  # a copy of the database before any test
_lasting: list[Any] = []
_seeded: list[list[Any]] = []


def remember() -> None:
    """Look at the database before any test."""
    if connection.vendor == "sqlite":
        with _opened() as database:
            database.backup(_empty)
    else:
        _lasting[:] = _read_lasting()
        _seeded[:] = [list(model._base_manager.order_by("pk")) for model in SEEDED]


def install() -> None:
    """Have every test that commits end this way."""
    TransactionTestCase._fixture_teardown = end  # type: ignore[attr-defined]


def end(case: TransactionTestCase) -> None:
    if connection.vendor == "sqlite":
        _restore()
    else:
        _delete()
        if _read_lasting() != _lasting:
            _flush(case)
            for model, rows in zip(SEEDED, _seeded, strict=True):
                model._base_manager.bulk_create(rows)
            _lasting[:] = _read_lasting()
    ContentType.objects.clear_cache()


def _restore() -> None:
    """Copy the empty database over the one that is there."""
    with _opened() as database:
        database.execute("BEGIN IMMEDIATE")  # raises, while the copy would wait for ever
        database.rollback()
        numbers = database.execute("SELECT seq, name FROM sqlite_sequence").fetchall()
        _empty.backup(database)
        database.execute("DELETE FROM sqlite_sequence")
        database.executemany("INSERT INTO sqlite_sequence (seq, name) VALUES (?, ?)", numbers)
        database.commit()


def _delete() -> None:
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    tables -= {model._meta.db_table for model in LASTING}
    names = ", ".join(f"'{table}'" for table in sorted(tables))
    with connection.cursor() as cursor:
        cursor.execute(_DELETE.format(tables=names))


def _read_lasting() -> list[Any]:
    """Read what must be as it was: these rows, and the triggers of records."""
    rows = [list(model.objects.order_by("pk").values_list()) for model in LASTING]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname")
        return [*rows, cursor.fetchall()]


def _opened() -> closing[sqlite3.Connection]:
    """Open the file beside Django's connection, which may be anywhere in a statement."""
    return closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=LOCKED_SECONDS))
