"""A column of money stores an amount as it is, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection, models, transaction
from django.db.models import F

from hoardrun.ledger.errors import InvalidAmount
from hoardrun.ledger.models import Account
from tests.hoardrun.ledger.conftest import create

pytestmark = pytest.mark.django_db

HELD = ["9999999999999.99", "-9999999999999.99", "999999999999.999", "-0.001", "1250", "12.500"]
NOT_HELD = ["9999999999999.999", "10000000000000", "0.0001", "1E-30"]


@pytest.mark.parametrize("text", HELD)
def test_it_gives_back_what_it_took(credit: Account, text: str):
    Account.objects.filter(pk=credit.pk).update(current_balance=text)
    credit.refresh_from_db()
    assert credit.current_balance == Decimal(text)
    assert Account.objects.filter(current_balance=text).get() == credit


@pytest.mark.parametrize("text", NOT_HELD)
def test_it_refuses_what_would_be_rounded(kes: Account, text: str):
    with pytest.raises(InvalidAmount), transaction.atomic():
        Account.objects.filter(pk=kes.pk).update(current_balance=Decimal(text))
    kes.current_balance = Decimal(text)
    with pytest.raises(InvalidAmount), transaction.atomic():
        models.Model.save_base(kes)
    kes.refresh_from_db()
    assert kes.current_balance == 1000


def test_it_takes_what_the_database_calculates(kes: Account):
    Account.objects.filter(pk=kes.pk).update(current_balance=F("current_balance") + 1)
    kes.refresh_from_db()
    assert kes.current_balance == 1001


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's columns have no scale")
def test_postgresql_does_not_round_what_comes_by_hand(kes: Account):
    txn = create(kes)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_transaction SET amount = 1.2345 WHERE id = %s RETURNING amount", [txn.pk]
        )
        assert cursor.fetchone() == (Decimal("1.2345"),)
