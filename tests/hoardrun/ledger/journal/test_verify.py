"""Each kind of damage is found, with its account, what was expected and what is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, models

from hoardrun.ledger.journal import reading, triggers, verify
from hoardrun.ledger.journal.models import Book, Posting
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import account_carry
from realtime import append_only, clock
from tests.hoardrun.ledger.conftest import complete, create, move, paid, set_status
from tests.hoardrun.ledger.journal.conftest import verified

pytestmark = pytest.mark.django_db


@pytest.fixture
def txn(kes: Account) -> Transaction:
    """A deposit, after which there are a payment, what is under way and what was reversed."""
    deposit = complete(create(kes, "10", "inbound", provider="mpesa"))
    paid(kes, "3")
    move(paid(kes, "4"), "reversed")
    create(kes, "5")
    return deposit


def damage(model: type[models.Model], what: dict[str, Any], **which: Any) -> None:
    """Change rows as SQL by hand could, if somebody dropped the triggers."""
    append_only.remove("default", "UPDATE")
    assert models.QuerySet(model).filter(**which).update(**what)
    append_only.install("default")


def lose(**which: Any) -> None:
    append_only.remove("default", "DELETE")
    with connection.cursor() as cursor:
        for pk in Posting.objects.filter(**which).values_list("pk", flat=True):
            cursor.execute(f"DELETE FROM {Posting._meta.db_table} WHERE id = %s", [pk])
    append_only.install("default")


def more(field: str, by: int = 1) -> dict[str, Any]:
    return {field: models.F(field) + by}


Damage = Callable[[Transaction], None]
DAMAGES: dict[str, tuple[Damage, set[tuple[str, str, str]]]] = {
    "a balance was raised": (
        lambda txn: damage(
            Account,
            {**more("current_balance", 7), **more("available_balance", 7)},
            pk=txn.account_id,
        ),
        {("balance", "KES 1,007.00", "KES 1,014.00")},
    ),
    "a hold was released twice": (
        lambda txn: damage(Account, more("available_balance", 5), pk=txn.account_id),
        {("hold", "KES 1,002.00", "KES 1,007.00")},
    ),
    "a hold leaked": (
        lambda txn: damage(Account, more("available_balance", -5), pk=txn.account_id),
        {("hold", "KES 1,002.00", "KES 997.00")},
    ),
    "a posting was changed": (
        lambda txn: damage(Posting, {"minor": 900}, source=f"settle:{txn.pk}"),
        {
            ("posting", "KES 10.00", "KES 9.00"),
            ("chain", "KES 1,009.00", "KES 1,010.00"),
            ("balance", "KES 1,006.00", "KES 1,007.00"),
            ("book", "KES 1,006.00 after 5", "KES 1,007.00 after 5"),
        },
    ),
    "a balance after was changed": (
        lambda txn: damage(Posting, more("credit_balance"), source=f"settle:{txn.pk}"),
        {("chain", "KES 1,010.00", "KES 1,010.01")},
    ),
    "a posting was lost": (
        lambda txn: lose(source=f"settle:{txn.pk}"),
        {
            ("missing", "KES 10.00", "nothing"),
            ("chain", "2", "3"),
            ("balance", "KES 997.00", "KES 1,007.00"),
        },
    ),
    "a mirror was lost": (
        lambda txn: lose(kind="reversal"),
        {("missing", "KES 4.00", "nothing"), ("balance", "KES 1,003.00", "KES 1,007.00")},
    ),
    "a mirror was turned": (
        lambda txn: damage(
            Posting,
            {"debit": models.F("credit"), "credit": models.F("debit")},
            kind="reversal",
        ),
        {("posting", "None, mine", "mine, None"), ("balance", "KES 999.00", "KES 1,007.00")},
    ),
    "a transaction was changed": (
        lambda txn: damage(Transaction, {"amount": Decimal(9)}, pk=txn.pk),
        {("posting", "KES 9.00", "KES 10.00")},
    ),
    "a transaction was unmade": (
        lambda txn: damage(
            Transaction,
            {"status": "failed", "balance_after": None, "completed_at": None},
            pk=txn.pk,
        ),
        {("posting", "completed or reversed", "failed")},
    ),
    "a transaction went to another account": (
        lambda txn: damage(Posting, {"txn": None, "kind": "opening"}, source=f"settle:{txn.pk}"),
        {
            ("posting", "world and customer", "customer and float"),
            ("missing", "KES 10.00", "nothing"),
        },
    ),
    "a book was changed": (
        lambda txn: damage(Book, more("balance"), account=txn.account_id),
        {("book", "KES 1,007.00 after 5", "KES 1,007.01 after 5")},
    ),
    "a book changed its currency": (
        lambda txn: damage(Book, {"currency": "TZS"}, kind="float"),
        {("posting", "KES", "TZS")},
    ),
}


def test_nothing_is_found_in_a_ledger_that_is_right(txn: Transaction):
    assert verified() == []


@pytest.mark.parametrize("name", DAMAGES)
def test_it_finds_damage(txn: Transaction, name: str):
    do, expected = DAMAGES[name]
    do(txn)
    found = verified()
    assert {finding.account_id for finding in found} == {txn.account_id}
    mine = f"{txn.account_id}"
    seen = {
        (
            one.check,
            *(
                text.strip("()").replace(mine, "mine") if one.what.startswith("accounts") else text
                for text in one[-2:]
            ),
        )
        for one in found
    }
    assert expected <= seen
    assert str(found[0]).startswith(f"{found[0].check}: account {txn.account_id}, ")


def test_it_finds_a_transfer_whose_posting_went(kes: Account, other: Account):
    set_status(kes, "closed")
    account_carry(account_id=kes.pk, onto=other.pk)
    lose(kind="transfer")
    missing = [finding.account_id for finding in verified() if finding.check == "missing"]
    assert sorted(filter(None, missing)) == sorted([kes.pk, other.pk])


def test_it_finds_a_transfer_onto_another_account(kes: Account, other: Account, credit: Account):
    set_status(kes, "closed")
    [gives, takes] = account_carry(account_id=kes.pk, onto=other.pk)
    damage(Transaction, {"account": credit}, pk=takes.pk)
    [finding] = [finding for finding in verified() if finding.check == "posting"]
    assert finding.expected == f"({kes.pk}, {credit.pk})"
    assert finding.found == f"({kes.pk}, {other.pk})"


def test_a_credit_line_is_no_finding_and_less_than_none_is(credit: Account):
    create(credit, "100")
    assert verified() == []
    damage(Account, {"available_balance": Decimal(-200)}, pk=credit.pk)
    assert [finding.check for finding in verified()] == ["hold"]


def test_what_is_older_than_the_time_given_is_left_out(txn: Transaction):
    damage(Posting, {"minor": 900}, source=f"settle:{txn.pk}")
    later = clock.now() + timedelta(hours=1)
    assert verified(since=later) == []
    assert verified(since=later - timedelta(days=1))


def test_a_posting_across_currencies_is_found(kes: Account, ugx: Account):
    txn = complete(create(kes, "1", "inbound"))
    triggers.remove("default")
    world = Book.objects.get(kind="world", currency="UGX")
    damage(Posting, {"debit": world}, source=f"settle:{txn.pk}")
    assert ("posting", "KES", "UGX") in {(one.check, *one[-2:]) for one in verified()}
    triggers.install("default")


def test_an_account_with_many_postings_is_read_in_parts(
    txn: Transaction, other: Account, monkeypatch: pytest.MonkeyPatch
):
    for module in (reading, verify):
        monkeypatch.setattr(module, "MOST", 2)
    assert verified() == []
    damage(Posting, more("credit_balance"), kind="reversal")
    [finding] = verified()
    assert (finding.check, finding.account_id) == ("chain", txn.account_id)
