"""What the database refuses of postings and books, whoever writes them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from hoardrun.ledger.journal import triggers
from hoardrun.ledger.journal.models import Book, Posting
from hoardrun.ledger.models import Account
from tests.hoardrun.ledger.conftest import complete, create

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(kes: Account) -> Posting:
    """A posting that could be written."""
    complete(create(kes, "1", "inbound"))
    last = Posting.objects.get(kind="settle")
    last.pk, last.source, last.credit_version, last._state.adding = None, "x", 3, True
    return last


def test_the_row_could_be_written(row: Posting):
    row.save()
    assert Posting.objects.count() == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"minor": 0},
        {"minor": -1},
        {"kind": "gift"},
        {"source": ""},
        {"source": "settle:{txn}"},
        {"txn_id": None},
        {"reverses_id": 1},
        {"credit_version": None},
        {"credit_balance": None},
        {"credit_version": 2},
        {"currency": "UGX"},
        {"debit_id": 10**9},
        {"debit_id": "credit"},
    ],
    ids=str,
)
def test_it_refuses_a_posting_that_contradicts_itself(row: Posting, fields: dict[str, Any]):
    for name, value in fields.items():
        value = value.format(txn=row.txn_id) if isinstance(value, str) else value
        setattr(row, name, row.credit_id if value == "credit" else value)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    assert Posting.objects.count() == 2


def test_it_is_reversed_once(row: Posting):
    first = Posting.objects.get(kind="settle")
    row.kind, row.reverses = "reversal", first
    row.save()
    row.pk, row.source, row.credit_version, row._state.adding = None, "y", 4, True
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


@pytest.mark.parametrize("statement", ["UPDATE {} SET minor = minor + 1", "DELETE FROM {}"])
def test_sql_by_hand_changes_no_posting(row: Posting, statement: str):
    with (
        pytest.raises(IntegrityError, match="is never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(Posting._meta.db_table))
    assert Posting.objects.count() == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "customer"},
        {"kind": "purse"},
        {"kind": "float"},
        {"kind": "fees", "provider": "mpesa"},
        {"kind": "world", "balance": 0, "version": 0},
    ],
    ids=str,
)
def test_it_refuses_a_book_that_contradicts_itself(db: None, fields: dict[str, Any]):
    with pytest.raises(IntegrityError), transaction.atomic():
        Book.objects.create(currency="KES", **fields)


def test_a_book_exists_once(kes: Account):
    with pytest.raises(IntegrityError), transaction.atomic():
        Book.objects.create(kind="world", currency="KES")
    with pytest.raises(IntegrityError), transaction.atomic():
        Book.objects.create(kind="customer", currency="KES", account=kes, balance=0, version=0)


def drop() -> None:
    on = f' ON "{Posting._meta.db_table}"' if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TRIGGER "{triggers.NAME}"{on}')


def test_migrate_makes_the_trigger_again_and_start_warns_meanwhile(db: None):
    assert triggers.check_trigger(databases=["default"]) == []
    drop()
    [warning] = triggers.check_trigger(databases=["default"])
    assert warning.id == "ledger.W001"
    call_command("migrate", verbosity=0)
    assert triggers.check_trigger(databases=["default"]) == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite rebuilds tables")
@pytest.mark.django_db(transaction=True)
def test_a_table_that_sqlite_rebuilds_is_no_trouble(kes: Account):
    triggers.remove("default")
    editor: Any
    with connection.schema_editor() as editor:
        editor._remake_table(Book)
        editor._remake_table(Posting)
    call_command("migrate", verbosity=0)
    assert triggers.check_trigger(databases=["default"]) == []
    assert Posting.objects.count() == 1


def test_no_index_serves_only_like():
    """PostgreSQL keeps one beside each unique text, which each posting would pay for."""
    with connection.cursor() as cursor:
        for table, column in (("ledger_posting", "source"), ("ledger_transaction", "own_key")):
            found = connection.introspection.get_constraints(cursor, table).values()
            on_it = [each for each in found if each["columns"] == [column] and not each["check"]]
            assert on_it and all(each["unique"] for each in on_it)
