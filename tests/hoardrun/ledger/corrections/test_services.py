"""A balance is corrected by two persons, and by nobody alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from hoardrun.ledger.corrections.errors import (
    CorrectionDecided,
    CorrectionNotFound,
)
from hoardrun.ledger.corrections.models import Correction
from hoardrun.ledger.corrections.services import (
    correction_approve,
    correction_ask,
    correction_reject,
)
from hoardrun.ledger.errors import (
    AccountNotActive,
    CurrencyMismatch,
    InsufficientFunds,
    InvalidAmount,
    OwnAccount,
    UnknownCurrency,
)
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import transaction_move
from realtime.errors import InvalidInput, Refused, SecondPerson
from tests.hoardrun.ledger.conftest import balances, set_status
from tests.hoardrun.ledger.journal.conftest import assert_books_agree, lines, verified
from tests.services.work import at_work

pytestmark = pytest.mark.django_db


def ask(account: Account, by: User, **more: Any) -> Correction:
    fields = {"direction": "inbound", "amount": "12.50", "why": "Booked twice at the bank."}
    return correction_ask(account_id=account.pk, by=by.pk, **{**fields, **more})


def test_a_second_person_makes_it_a_transaction(kes: Account, bob: User, charlie: User):
    with at_work("r-0"):
        row = ask(kes, bob, description="Put right")
    assert balances(kes) == (1000, 1000)
    with at_work("r-1"):
        row = correction_approve(correction_id=row.pk, by=charlie.pk)
    assert (row.request_id, row.decided_request_id) == ("r-0", "r-1")
    assert balances(kes) == (Decimal("1012.5"),) * 2
    assert (row.state, row.decided_by, row.txn) == ("approved", charlie, Transaction.objects.get())
    assert row.txn is not None and row.txn.description == "Put right"
    move = row.txn.moves.get(to_status="completed")
    assert (move.user, move.reason, move.request_id) == (charlie, row.why, "r-1")
    assert_books_agree(kes)


@pytest.mark.parametrize(
    ("against", "line"),
    [
        ({}, ("adjustment", "customer", "world KES")),
        ({"against": "fees"}, ("fee", "customer", "fees KES")),
        (
            {"against": "float", "provider": "mpesa"},
            ("settle", "customer", "float mpesa KES"),
        ),
        (
            {"against": "float", "provider": "daraja"},  # where its payments are booked
            ("settle", "customer", "float daraja KES"),
        ),
        ({"against": "suspense"}, ("settle", "customer", "suspense KES")),
        ({"against": "receivable"}, ("settle", "customer", "receivable KES")),
    ],
    ids=str,
)
def test_the_book_on_the_other_side_is_named(
    kes: Account, bob: User, charlie: User, against: dict[str, str], line: tuple[str, str, str]
):
    row = ask(kes, bob, direction="outbound", **against)
    correction_approve(correction_id=row.pk, by=charlie.pk)
    kind, debit, credit = line
    assert lines(txn=Transaction.objects.get()) == [(kind, f"{debit} #{kes.pk} KES", credit, 1250)]
    assert_books_agree(kes)


def test_who_asked_does_not_approve_and_may_take_it_back(kes: Account, bob: User, charlie: User):
    row = ask(kes, bob)
    with pytest.raises(SecondPerson):
        correction_approve(correction_id=row.pk, by=bob.pk)
    assert balances(kes) == (1000, 1000)
    assert correction_reject(correction_id=row.pk, by=bob.pk).state == "rejected"
    with pytest.raises(CorrectionDecided, match="rejected already"):
        correction_approve(correction_id=row.pk, by=charlie.pk)


def test_the_database_refuses_one_person(kes: Account, bob: User, charlie: User):
    row = ask(kes, bob)
    correction_approve(correction_id=row.pk, by=charlie.pk)
    rows = Correction.objects.filter(pk=row.pk)
    for change in ({"decided_by": bob}, {"txn": None}, {"state": "waiting"}, {"why": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)


def test_nobody_corrects_an_account_of_their_own(kes: Account, alice: User, bob: User):
    with pytest.raises(OwnAccount):
        ask(kes, alice)
    row = ask(kes, bob)
    with pytest.raises(OwnAccount):
        correction_approve(correction_id=row.pk, by=alice.pk)
    assert balances(kes) == (1000, 1000)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"amount": "0"}, InvalidAmount),
        ({"amount": "1.005"}, InvalidAmount),
        ({"amount": 1.5}, InvalidAmount),
        ({"direction": "up"}, InvalidInput),
        ({"direction": "outbound", "amount": "1000.01"}, InsufficientFunds),
        ({"why": " "}, InvalidInput),
        ({"why": "x" * 201}, InvalidInput),
        ({"description": "\x00"}, InvalidInput),
        ({"against": "float"}, InvalidInput),
        ({"against": "float", "provider": "nobody"}, InvalidInput),
        ({"provider": "mpesa"}, InvalidInput),
        ({"against": "suspense", "provider": "mpesa"}, InvalidInput),
        ({"currency": "UGX"}, CurrencyMismatch),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused_and_not_kept(
    kes: Account, bob: User, fields: dict[str, Any], error: type[Refused]
):
    with pytest.raises(error):
        ask(kes, bob, **fields)
    assert not Correction.objects.exists()


def test_what_the_account_takes_no_more_goes_on_waiting(kes: Account, bob: User, charlie: User):
    row = ask(kes, bob)
    set_status(kes, "suspended")
    with pytest.raises(AccountNotActive):
        correction_approve(correction_id=row.pk, by=charlie.pk)
    row.refresh_from_db()
    assert (row.state, Transaction.objects.count()) == ("waiting", 0)


@pytest.mark.parametrize(
    ("direction", "against", "provider", "debit", "credit"),
    [
        ("inbound", "float", "mpesa", "float mpesa KES", "world KES"),
        ("outbound", "float", "mpesa", "world KES", "float mpesa KES"),
        ("inbound", "fees", "", "world KES", "fees KES"),
        ("outbound", "suspense", "", "suspense KES", "world KES"),
        ("inbound", "float", "daraja", "float daraja KES", "world KES"),
        ("inbound", "receivable", "", "receivable KES", "world KES"),
        ("outbound", "receivable", "", "world KES", "receivable KES"),
        ("outbound", "suspense", "daraja", "suspense KES", "float daraja KES"),
        ("outbound", "fees", "daraja", "fees KES", "float daraja KES"),
    ],
)
def test_a_book_of_our_own_is_corrected_by_a_posting(
    bob: User,
    charlie: User,
    direction: str,
    against: str,
    provider: str,
    debit: str,
    credit: str,
):
    book = {"currency": "KES", "against": against, "provider": provider}
    row = correction_ask(direction=direction, amount="5", why="Paid in.", by=bob.pk, **book)
    assert lines() == []
    row = correction_approve(correction_id=row.pk, by=charlie.pk)
    assert lines() == [("funding", debit, credit, 500)]
    assert (row.state, row.txn) == ("approved", None)
    assert verified() == []


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"currency": "KES"}, InvalidInput),
        ({"currency": "", "against": "fees"}, UnknownCurrency),
        ({"currency": "UGX", "against": "fees", "amount": "0.5"}, InvalidAmount),
    ],
    ids=str,
)
def test_a_book_of_our_own_is_named(bob: User, fields: dict[str, str], error: type[Refused]):
    asked: dict[str, Any] = {"direction": "inbound", "amount": "5", "why": "x", "by": bob.pk}
    with pytest.raises(error):
        correction_ask(**{**asked, **fields})
    assert not Correction.objects.exists()


def test_it_is_reversed_as_any_transaction(kes: Account, bob: User, charlie: User):
    row = ask(kes, bob, against="fees")
    done = correction_approve(correction_id=row.pk, by=charlie.pk)
    transaction_move(txn_id=str(done.txn_id), to="reversed")
    assert balances(kes) == (1000, 1000)
    assert_books_agree(kes)


def test_one_that_does_not_exist_is_not_found(charlie: User):
    with pytest.raises(CorrectionNotFound):
        correction_reject(correction_id=7, by=charlie.pk)
