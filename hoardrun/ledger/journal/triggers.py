"""The trigger by which the database refuses a posting between books that are not in its currency.

A constraint cannot say so: it sees one row. `migrate` makes the trigger at its end if it is
missing, as `realtime.append_only` makes those that refuse changes. It goes before SQLite's
migrations: one that rebuilds the table of books could not rename it while a trigger names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.utils import CursorWrapper

from hoardrun.ledger.journal.models import Book, Posting

NAME = "ledger_posting_one_currency"
_TABLES = {"books": Book._meta.db_table, "postings": Posting._meta.db_table, "name": NAME}
_TWO_BOOKS = (
    '(SELECT count(*) FROM "{books}" WHERE id IN (NEW.debit_id, NEW.credit_id) '
    "AND currency = NEW.currency) <> 2"
)
_SAYS = "A posting needs two books in its currency."

_SQLITE = (
    'CREATE TRIGGER "{name}" BEFORE INSERT ON "{postings}" WHEN ' + _TWO_BOOKS + " "
    f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END",
)
_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION hoardrun_posting_one_currency() RETURNS trigger "
    "LANGUAGE plpgsql AS $$ BEGIN IF " + _TWO_BOOKS + f" THEN RAISE EXCEPTION '{_SAYS}' "
    "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
    'CREATE TRIGGER "{name}" BEFORE INSERT ON "{postings}" '
    "FOR EACH ROW EXECUTE FUNCTION hoardrun_posting_one_currency()",
)


def install(using: str, **kwargs: Any) -> None:
    """Make the trigger if it is missing; the receiver of `post_migrate`."""
    with connections[using].cursor() as cursor:
        if not _is_missing(cursor):
            return
        for statement in _POSTGRESQL if cursor.db.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement.format(**_TABLES))


def remove(using: str, **kwargs: Any) -> None:
    """Drop the trigger on SQLite; the receiver of `pre_migrate`."""
    with connections[using].cursor() as cursor:
        if cursor.db.vendor == "sqlite":
            cursor.execute(f'DROP TRIGGER IF EXISTS "{NAME}"')


@register(Tags.database)
def check_trigger(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn if SQL by hand could move money from one currency to another."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            is_missing = _is_missing(cursor)
    except DatabaseError:
        return []
    if not is_missing:
        return []
    says = "No trigger refuses postings between books of two currencies."
    return [Warning(says, hint="`manage.py migrate` makes it.", id="ledger.W001")]


def _is_missing(cursor: CursorWrapper) -> bool:
    """Return whether the table is there, without the trigger."""
    if Posting._meta.db_table not in cursor.db.introspection.table_names(cursor):
        return False
    cursor.execute(
        "SELECT count(*) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE tgname = %s AND pg_table_is_visible(tgrelid)"
        if cursor.db.vendor == "postgresql"
        else "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = %s",
        [NAME],
    )
    return not cursor.fetchone()[0]
