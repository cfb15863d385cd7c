from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from hoardrun.ledger.errors import (
    AccountNotActive,
    AccountNotFound,
    CurrencyMismatch,
    IdempotencyConflict,
    InsufficientFunds,
    InvalidAmount,
    TransactionNotFound,
    UnknownCurrency,
)
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import account_open, transaction_move
from notifications.models import Notification
from realtime.errors import InvalidInput
from realtime.models import Event
from tests.hoardrun.ledger.conftest import (
    balances,
    complete,
    create,
    move,
    request,
    set_status,
)
from tests.tables import each


def test_it_holds_an_outbound_amount_until_completion(kes: Account):
    txn = create(kes, "300.50")
    assert balances(kes) == (Decimal("699.50"), 1000)
    txn = complete(txn)
    assert balances(kes) == (Decimal("699.50"), Decimal("699.50"))
    assert txn.balance_after == Decimal("699.50")
    assert txn.completed_at is not None


def test_it_adds_an_inbound_amount_only_on_completion(kes: Account):
    txn = create(kes, "300.50", "inbound")
    assert balances(kes) == (1000, 1000)
    complete(txn)
    assert balances(kes) == (Decimal("1300.50"), Decimal("1300.50"))


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_it_restores_both_balances_when_reversed(kes: Account, direction: str):
    txn = create(kes, "400", direction)
    complete(txn)
    txn = move(txn, "reversed", reason="charged twice")
    assert balances(kes) == (1000, 1000)
    assert (txn.failure_reason, txn.balance_after is not None) == ("charged twice", True)


def test_it_does_not_reverse_money_that_was_spent(kes: Account):
    deposit = create(kes, "500", "inbound")
    complete(deposit)
    create(kes, "1200")
    with pytest.raises(InsufficientFunds):
        move(deposit, "reversed")
    assert balances(kes) == (300, 1500)
    deposit.refresh_from_db()
    assert deposit.status == "completed"


def test_it_spends_to_the_last_cent_and_no_further(kes: Account):
    create(kes, "999.99")
    with pytest.raises(InsufficientFunds) as refusal:
        create(kes, "0.02")
    assert refusal.value.extra == {"available": "0.01", "needed": "0.02", "currency": "KES"}
    create(kes, "0.01")
    assert balances(kes) == (0, 1000)


def test_it_lets_a_credit_account_spend_its_credit(alice: User):
    line: dict[str, Any] = {"user_id": alice.pk, "currency": "USD", "credit_limit": "200"}
    card = account_open(type="credit", **line)
    complete(create(card, "150.25"))
    assert balances(card) == (Decimal("49.75"), Decimal("-150.25"))
    with pytest.raises(InsufficientFunds):
        create(card, "50")
    with pytest.raises(InvalidInput, match="Only a credit account"):
        account_open(**line)


@pytest.mark.parametrize("status", ["inactive", "suspended", "closed", "pending"])
def test_it_creates_nothing_on_an_account_that_is_not_active(kes: Account, status: str):
    under_way = create(kes, "10")
    set_status(kes, status)
    with pytest.raises(AccountNotActive, match=status):
        create(kes, "1", "inbound")
    complete(under_way)


def test_it_creates_nothing_on_the_account_of_another_user(kes: Account, bob: User):
    with pytest.raises(AccountNotFound):
        create(kes, "1", owner_id=bob.pk)
    with pytest.raises(AccountNotFound):
        create(kes, "1", account_id="9" * 30)
    assert not Transaction.objects.exists()


def test_it_takes_only_the_accounts_currency(kes: Account):
    with pytest.raises(CurrencyMismatch, match="kept in KES: send KES, not 'USD'"):
        create(kes, "1", currency="USD")
    with pytest.raises(UnknownCurrency):
        create(kes, "1", currency="BTC")
    assert create(kes, "1", currency="KES").currency == "KES"


WRONG = {
    **{"type": ["gift", "deposit"], "direction": ["sideways"], "description": ["x" * 201]},
    **{"provider": ["paypal"], "payment_method": ["barter"]},
    "idempotency_key": ["k" * 201, "k\x00"],
    "merchant_name": ["Acme\x00"],
    "reference": ["\ud800"],
}


@pytest.mark.parametrize(("field", "value"), each(WRONG))
def test_it_names_the_field_that_is_wrong(kes: Account, field: str, value: str):
    with pytest.raises(InvalidInput) as refusal:
        create(kes, "1", **{field: value})
    # A deposit is always inbound: its direction is what is wrong.
    assert ("direction" if value == "deposit" else field) in refusal.value.errors
    assert balances(kes) == (1000, 1000)


def test_it_refuses_a_balance_that_could_not_be_kept_exactly(kes: Account):
    txn = create(kes, "9999999999999.99", "inbound")
    with pytest.raises(InvalidAmount, match="The balance would exceed"):
        complete(txn)


def test_it_keeps_15_digits_exactly(alice: User):
    opened = {"currency": "KES", "opening_balance": "9999999999999.98"}
    account = account_open(user_id=alice.pk, **opened)
    complete(create(account, "0.01", "inbound"))
    assert balances(account)[0] == Decimal("9999999999999.99")


def test_it_returns_the_first_result_of_a_key(kes: Account):
    first = request(kes, "900", idempotency_key="k")
    same: dict[str, Any] = {
        "account_id": str(kes.pk),
        "amount": Decimal("900.00"),
        "currency": "KES",
    }
    again = request(kes, idempotency_key="k", **same)
    assert (first.created, again.created) == (True, False)
    assert again.txn.pk == first.txn.pk
    assert balances(kes) == (100, 1000)


def test_it_refuses_a_key_with_another_request(kes: Account):
    create(kes, "5", idempotency_key="k")
    with pytest.raises(IdempotencyConflict, match="amount, description"):
        create(kes, "6", description="other", idempotency_key="k")
    assert Transaction.objects.count() == 1


def test_it_moves_no_transaction_that_is_not_there(db):
    for txn_id in (1, "x", "", "-1", "9" * 40):
        with pytest.raises(TransactionNotFound):
            transaction_move(to="completed", txn_id=txn_id)


def test_it_notifies_the_owner_of_how_it_ended(kes: Account, alice: User):
    paid = create(kes, "200.50")
    failed = create(kes, "10", merchant_name="Acme")
    received = create(kes, "1200.50", "inbound")
    complete(paid)
    move(failed, "failed", reason="declined by the bank")
    complete(received)
    move(paid, "reversed")
    move(create(kes, "1"), "cancelled")
    notices = list(Notification.objects.filter(user=alice).order_by("id"))
    assert [notice.message for notice in notices] == [
        "You paid KES\u00a0200.50.",
        "Your payment of KES\u00a010.00 to Acme failed: declined by the bank",
        "You received KES\u00a01,200.50.",
        "Your payment of KES\u00a0200.50 was reversed: the money is back on your account.",
    ]
    assert {notice.type for notice in notices} == {"transaction"}
    assert notices[0].metadata == {"transaction_id": str(paid.pk)}


def test_it_writes_nothing_when_the_caller_rolls_back(kes: Account):
    events = Event.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        complete(create(kes, "5"))
        raise RuntimeError
    assert balances(kes) == (1000, 1000)
    assert (Transaction.objects.count(), Notification.objects.count()) == (0, 0)
    assert Event.objects.count() == events
