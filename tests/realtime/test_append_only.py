"""Records of broadcasts and of decisions are written once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, models, transaction

from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from hoardrun.ledger.journal.models import Book, BookDay, JournalDay, Posting
from hoardrun.ledger.models import TransactionMove
from hoardrun.ledger.services import account_open, transaction_create
from hoardrun.payments.models import PaymentReceipt, PaymentStep, ReceiptClosing
from hoardrun.payments.reconciling.models import StatementFile, StatementLine
from hoardrun.payments.tiers.models import TierDecision
from notifications.models import Attempt, Consent, PreferenceChange
from realtime import append_only
from realtime.append_only import AppendOnly, RecordIsFinal, check_records
from tests.notifications import outside
from tests.notifications.support import note


@pytest.fixture
def broadcast(db: None) -> Broadcast:
    author = User.objects.create_user("alice")
    written = Broadcast.objects.create(
        author=author,
        kind="balance",
        target="7",
        payload={},
        fingerprint="x",
        audience=1,
        idempotency_key="once",
        address="192.0.2.1",
    )
    BroadcastDecision.objects.create(
        broadcast=written, decided_by=author, approved=True, address="192.0.2.1"
    )
    return written


@pytest.fixture
def outside_rows(db: None) -> None:
    user = User.objects.create_user("olivia")
    outside.fill(user, note(user), name="olivia", ip="192.0.2.1")


def changed(row: Any) -> Any:
    row.address = "192.0.2.9"
    return row


WAYS: dict[str, Callable[[type[Any], Any], Any]] = {
    "save": lambda model, row: changed(row).save(),
    "save a field": lambda model, row: changed(row).save(update_fields=["address"]),
    "delete": lambda model, row: row.delete(),
    "update": lambda model, row: model.objects.update(address="192.0.2.9"),
    "delete many": lambda model, row: model.objects.filter(pk=row.pk).delete(),
    "update many": lambda model, row: model.objects.bulk_update([changed(row)], ["address"]),
    "update or create": lambda model, row: model.objects.update_or_create(
        pk=row.pk, defaults={"address": "192.0.2.9"}
    ),
    "upsert": lambda model, row: model.objects.bulk_create(
        [changed(row)], update_conflicts=True, update_fields=["address"], unique_fields=["id"]
    ),
    "base manager": lambda model, row: model._base_manager.update(address="192.0.2.9"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", [Broadcast, BroadcastDecision])
def test_no_method_changes_or_deletes_a_record(broadcast: Broadcast, model: Any, way: str) -> None:
    before = model.objects.values().get()
    with pytest.raises(RecordIsFinal, match="is a record: it is never changed"):
        WAYS[way](model, model.objects.get())
    assert model.objects.values().get() == before


def test_the_manager_of_its_author_changes_no_record(broadcast: Broadcast) -> None:
    with pytest.raises(RecordIsFinal):
        broadcast.author.broadcast_set.all().delete()
    with pytest.raises(RecordIsFinal):
        broadcast.author.broadcast_set.update(kind="market")


def test_a_second_record_of_the_same_key_is_refused(broadcast: Broadcast) -> None:
    before = Broadcast.objects.values().get()
    twin = Broadcast(**before | {"address": "192.0.2.9"})
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    assert Broadcast.objects.values().get() == before


def test_the_author_of_a_record_cannot_be_deleted(broadcast: Broadcast) -> None:
    with pytest.raises(models.ProtectedError):
        broadcast.author.delete()


def test_many_records_are_written_at_once(broadcast: Broadcast) -> None:
    others = [
        Broadcast(
            author=broadcast.author, kind=kind, target="7", payload={}, fingerprint="x", audience=1
        )
        for kind in ("market", "notification")
    ]
    Broadcast.objects.bulk_create(others)
    assert Broadcast.objects.count() == 3


RECORDS = [model for model in apps.get_models() if issubclass(model, AppendOnly)]


@pytest.mark.parametrize("statement", ["UPDATE {} SET address = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("model", [Broadcast, BroadcastDecision])
def test_sql_by_hand_changes_no_record(broadcast: Broadcast, model: Any, statement: str) -> None:
    before = model.objects.values().get()
    with (
        pytest.raises(IntegrityError, match="is never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(model._meta.db_table))
    assert model.objects.values().get() == before


@pytest.fixture
def move(db: None) -> TransactionMove:
    user = User.objects.create_user("bob")
    account = account_open(user_id=user.pk, currency="KES")
    made = transaction_create(account_id=account.pk, type="fee", direction="inbound", amount="1")
    move = TransactionMove.objects.get()
    append_only.remove("default", "UPDATE")
    models.QuerySet(TransactionMove).update(reason=f"For {made.txn.pk}")
    append_only.install("default")
    return move


@pytest.fixture
def closed_day(posting: Posting) -> JournalDay:
    day = date(2026, 11, 28)
    BookDay.objects.create(book_id=posting.debit_id, day=day, balance=-1)
    return JournalDay.objects.create(day=day, postings=1, digest="d")


@pytest.fixture
def posting(move: TransactionMove) -> Posting:
    """A posting with a value in every column that is unique."""
    sides = [
        Book.objects.create(kind="customer", currency="KES", account=account, balance=0, version=1)
        for account in (
            move.txn.account,
            account_open(user_id=move.txn.account.user_id, currency="KES"),
        )
    ]
    return Posting.objects.create(
        debit=sides[0],
        credit=sides[1],
        minor=1,
        currency="KES",
        kind="reversal",
        txn=move.txn,
        source="x",
        reverses_id=1,
        debit_balance=0,
        debit_version=1,
        credit_balance=0,
        credit_version=1,
    )


UNIQUE = {
    Broadcast: [{"id"}, {"author_id", "idempotency_key"}],
    BroadcastDecision: [{"id"}, {"broadcast_id"}],
    TransactionMove: [{"id"}, {"txn_id", "to_status"}],
    Posting: [
        {"id"},
        {"reverses_id"},
        {"source"},
        {"debit_id", "debit_version"},
        {"credit_id", "credit_version"},
    ],
    PaymentReceipt: [{"id"}, {"payment_id", "sha256", "purpose", "verdict"}],
    PaymentStep: [{"id"}],
    ReceiptClosing: [{"id"}, {"receipt_id"}],
    StatementFile: [{"id"}, {"provider", "sha256"}],
    StatementLine: [{"id"}, {"provider", "receipt", "goes_out", "kind"}],
    TierDecision: [{"id"}],
    JournalDay: [{"id"}, {"day"}],
    BookDay: [{"id"}, {"book_id", "day"}],
    Attempt: [{"id"}, {"delivery_id", "lease"}],
    PreferenceChange: [{"id"}],
    Consent: [{"id"}],
}


# Another trigger refuses a posting whose books do not exist.
EXISTING = {"debit_id", "credit_id"}


def test_the_unique_columns_of_each_record_are_known() -> None:
    assert UNIQUE.keys() == set(RECORDS)
    for model, known in UNIQUE.items():
        fields = model._meta.concrete_fields
        unique = [{field.column} for field in fields if field.unique]
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint):
                unique.append({field.column for field in fields if field.name in constraint.fields})
        assert unique == known, "say here, and see that no row takes the place of another by it"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite replaces rows")
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE"])
@pytest.mark.parametrize(
    ("model", "kept"), [(model, n) for model, known in UNIQUE.items() for n in range(len(known))]
)
@pytest.mark.usefixtures("broadcast", "move", "posting", "closed_day", "outside_rows")
def test_no_row_replaces_a_record(model: Any, kept: int, verb: str) -> None:
    table, all_columns = model._meta.db_table, set().union(*UNIQUE[model])
    others = dict.fromkeys(all_columns - UNIQUE[model][kept] - EXISTING, 1_000_000)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        before = cursor.fetchall()
        names = [column[0] for column in cursor.description]
        row = dict(zip(names, before[0], strict=True)) | others
        insert = f"{verb} INTO {table} ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"
        with pytest.raises(IntegrityError, match="is never changed"), transaction.atomic():
            cursor.execute(insert, list(row.values()))
        cursor.execute(f"SELECT * FROM {table}")
        assert cursor.fetchall() == before


def test_every_record_has_its_triggers(db: None) -> None:
    assert len(RECORDS) >= 3
    assert append_only.missing(connection) == []
    assert check_records(databases=["default"]) == []


def test_migrate_makes_a_missing_trigger_again(db: None) -> None:
    append_only.remove("default", "DELETE")
    assert len(check_records(databases=["default"])) == len(RECORDS)
    append_only.install("default")
    assert append_only.missing(connection) == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has schemas")
def test_the_triggers_of_another_schema_do_not_count(db: None) -> None:
    table = Broadcast._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA second")
        cursor.execute(f"CREATE TABLE second.{table} (LIKE {table} INCLUDING ALL)")
        cursor.execute("SET LOCAL search_path TO second")
        assert append_only.missing(connection) == [(table, "UPDATE"), (table, "DELETE")]
        append_only.install("default")
        assert append_only.missing(connection) == []
        cursor.execute("SET LOCAL search_path TO public")
    assert append_only.missing(connection) == []


def test_migrate_replaces_an_outdated_trigger(
    broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_only.remove("default", "UPDATE")
    with monkeypatch.context() as former:
        former.setattr(Broadcast, "ERASABLE", ())
        append_only.install("default")
        with pytest.raises(IntegrityError), transaction.atomic():
            models.QuerySet(Broadcast).update(address="")
    assert ("broadcasts_broadcast", "UPDATE") in append_only.missing(connection)
    append_only.install("default")
    models.QuerySet(Broadcast).update(address="")
    assert not Broadcast.objects.exclude(address="").exists()


# -- forgetting a person


@pytest.mark.parametrize("model", [model for model in RECORDS if model.ERASABLE])
@pytest.mark.usefixtures("broadcast", "move", "outside_rows")
def test_only_the_personal_data_of_a_record_can_be_erased(model: Any) -> None:
    row = model.objects.get()
    assert all(getattr(row, name) for name in model.ERASABLE)
    fields = model._meta.concrete_fields
    empty = {
        field.name: b"" if isinstance(field, models.BinaryField) else ""
        for field in fields
        if field.name in model.ERASABLE
    }
    others = {field.attname: getattr(row, field.attname) for field in fields}
    for name in others.keys() - empty.keys():
        with pytest.raises(IntegrityError, match="is never changed"), transaction.atomic():
            models.QuerySet(model).update(**empty, **{name: changed_value(others[name])})
    assert model.objects.values().get() == others
    assert model.objects.erase() == 1
    assert model.objects.values().get() == others | empty
    assert model.objects.erase() == 0


def changed_value(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | Decimal() | None:
            return 1_000_000
        case datetime():
            return value + timedelta(days=1)
        case str():
            return ("y" if value[:1] == "x" else "x") + value[1:]
        case UUID():
            return UUID(int=value.int ^ 1)
        case _:
            return {"other": True}
