"""Every way to move money leaves its posting, in the same transaction."""

from __future__ import annotations

import pytest
from django.db import transaction

from hoardrun.ledger import actors
from hoardrun.ledger.errors import InvalidAmount
from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import account_carry
from tests.hoardrun.ledger.conftest import complete, create, move, paid, set_status
from tests.hoardrun.ledger.journal.conftest import assert_books_agree, lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(kes: Account) -> str:
    return f"customer #{kes.pk} KES"


def test_an_account_begins_with_its_opening_balance(kes: Account, other: Account, book: str):
    assert lines() == [("opening", "world KES", book, 100_000)]
    assert_books_agree(kes, other)


def test_what_comes_and_goes_passes_the_float_of_the_provider(kes: Account, book: str):
    complete(create(kes, "10.50", "inbound", provider="mpesa"))
    complete(create(kes, "0.01", provider="mpesa"))
    assert lines(kind="settle") == [
        ("settle", "float mpesa KES", book, 1050),
        ("settle", book, "float mpesa KES", 1),
    ]
    assert_books_agree(kes)


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_a_fee_passes_the_book_of_fees(kes: Account, book: str, direction: str):
    complete(create(kes, "2", direction, type="fee", provider="mpesa"))
    sides = ("fees KES", book) if direction == "inbound" else (book, "fees KES")
    assert lines(kind="fee") == [("fee", *sides, 200)]
    assert_books_agree(kes)


def test_what_staff_complete_without_a_provider_is_an_adjustment(kes: Account, charlie, book: str):
    by = actors.staff(charlie.pk)
    move(create(kes, "3", "inbound"), "completed", by=by)
    move(create(kes, "4", "inbound", provider="mpesa"), "completed", by=by)
    assert lines(kind="adjustment") == [("adjustment", "world KES", book, 300)]
    assert lines(kind="settle") == [("settle", "float mpesa KES", book, 400)]


@pytest.mark.parametrize("to", ["processing", "failed", "cancelled", "expired"])
def test_what_moves_no_money_leaves_no_posting(kes: Account, to: str):
    move(create(kes), to)
    assert len(lines()) == 1
    assert_books_agree(kes)


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_a_reversal_is_the_mirror_of_what_it_reverses(kes: Account, direction: str):
    txn = paid(kes, "10", direction)
    move(txn, "reversed")
    first, mirror = Posting.objects.filter(txn=txn).order_by("pk")
    assert (mirror.kind, mirror.reverses, mirror.minor) == ("reversal", first, 1000)
    assert (mirror.debit_id, mirror.credit_id) == (first.credit_id, first.debit_id)
    assert_books_agree(kes)


def test_a_carry_is_one_posting_between_both_accounts(kes: Account, other: Account, book: str):
    set_status(kes, "closed")
    gives, takes = account_carry(account_id=kes.pk, onto=other.pk)
    assert lines(kind="transfer") == [("transfer", book, f"customer #{other.pk} KES", 100_000)]
    assert (Posting.objects.get(kind="transfer").txn, gives.counterpart) == (gives, takes)
    assert_books_agree(kes, other)


def test_money_comes_onto_a_closed_account_before_it_leaves_there(kes: Account, other: Account):
    came = paid(kes, "1000", "inbound")
    late = create(kes, "10", "inbound")
    complete(create(kes, "2000"))
    paid(other, "5000", "inbound")
    set_status(kes, "closed")
    move(came, "reversed", onto=other.pk)
    move(late, "completed", onto=other.pk)
    kinds = [row.kind for row in Posting.objects.order_by("pk")][-4:]
    assert kinds == ["transfer", "reversal", "settle", "transfer"]
    assert_books_agree(kes, other)


def test_a_customer_reads_the_balance_after_each_posting(kes: Account, other: Account):
    paid(kes, "10", "inbound")
    paid(kes, "30")
    rows = Posting.objects.order_by("pk")
    seen = [(row.debit_balance, row.debit_version) for row in rows]
    assert seen == [(None, None), (None, None), (98_000, 3)]
    assert [row.credit_balance for row in rows] == [100_000, 101_000, None]
    book = Account.objects.get(pk=kes.pk).book
    assert (book.balance, book.version) == (98_000, 3)


def test_a_debt_opens_below_nothing(credit: Account):
    paid(credit, "400")
    assert Account.objects.get(pk=credit.pk).book.balance == -40_000
    assert_books_agree(credit)


def test_nothing_moves_without_its_posting(kes: Account):
    txn = create(kes, "10", "inbound")
    Posting.objects.get()
    with pytest.raises(InvalidAmount, match="decimals that do not exist"), transaction.atomic():
        Transaction.objects.filter(pk=txn.pk).update(currency="UGX", amount="10.5")
        complete(Transaction.objects.get(pk=txn.pk))
    kes.refresh_from_db()
    assert (kes.current_balance, len(lines())) == (1000, 1)
    assert Transaction.objects.get(pk=txn.pk).status == "pending"
