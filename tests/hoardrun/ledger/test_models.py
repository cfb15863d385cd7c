"""Constraints of the database hold for every writer."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from hoardrun.ledger.models import Account, Transaction
from tests.hoardrun.ledger.conftest import complete, create


@pytest.fixture
def txn(kes: Account) -> Transaction:
    return create(kes, idempotency_key="k")


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": 0},
        {"amount": Decimal("-0.01")},
        {"status": "completed"},
        {"status": "reversed"},
        {"status": "lost"},
        {"direction": "sideways"},
        {"completed_at": timezone.now()},
        {"balance_after": Decimal(1)},
    ],
)
def test_it_refuses_a_transaction_that_contradicts_itself(txn: Transaction, fields: dict):
    with pytest.raises(IntegrityError), transaction.atomic():
        Transaction.objects.filter(pk=txn.pk).update(**fields)


@pytest.mark.parametrize("fields", [{"status": "pending"}, {"balance_after": None}])
def test_it_keeps_what_is_settled(txn: Transaction, fields: dict):
    complete(txn)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transaction.objects.filter(pk=txn.pk).update(**fields)


def test_it_refuses_an_overdrawn_account_unless_it_is_a_credit_account(kes: Account):
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(pk=kes.pk).update(available_balance=Decimal("-0.01"))
    Account.objects.filter(pk=kes.pk).update(type="credit", available_balance=Decimal("-0.01"))


def test_it_keeps_a_key_once_per_account_and_once_per_user(txn: Transaction, ugx: Account):
    copy = Transaction.objects.get(pk=txn.pk)
    copy.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)
    copy.account = ugx
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)
    copy.key_owner = ugx.user
    copy.save(force_insert=True)


def test_it_deletes_no_user_and_no_account_with_money(txn: Transaction, alice: User):
    with pytest.raises(ProtectedError):
        alice.delete()
    with pytest.raises(ProtectedError):
        txn.account.delete()
