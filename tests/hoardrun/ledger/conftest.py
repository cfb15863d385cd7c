"""Accounts of Alice and Bob, transactions on them, and what was published to their users."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import Created, account_open, transaction_create, transaction_move
from realtime.models import Event
from realtime.streams import user_stream


@pytest.fixture
def kes(alice: User) -> Account:
    """Alice's account with KES 1000.00."""
    return account_open(user_id=alice.pk, currency="KES", opening_balance="1000")


@pytest.fixture
def ugx(bob: User) -> Account:
    """Bob's account with UGX 50000."""
    return account_open(user_id=bob.pk, currency="UGX", opening_balance="50000")


@pytest.fixture
def other(alice: User) -> Account:
    """Alice's second account, empty and in the same currency."""
    return account_open(user_id=alice.pk, currency="KES", name="Second")


@pytest.fixture
def credit(alice: User) -> Account:
    """Alice's credit account, with a line of KES 1000.00."""
    return account_open(user_id=alice.pk, currency="KES", type="credit", credit_limit="1000")


def request(
    account: Account, amount: str = "10", direction: str = "outbound", **more: Any
) -> Created:
    """Ask for a transaction: a payment, unless told otherwise."""
    fields = {"account_id": account.pk, "type": "payment", "direction": direction}
    return transaction_create(**{"amount": amount, **fields, **more})


def create(account: Account, *given: str, **more: Any) -> Transaction:
    """Create a transaction: a payment, unless told otherwise."""
    return request(account, *given, **more).txn


def payment(account: Account, **more: Any) -> dict[str, Any]:
    """Write a payment as the HTTP API takes it."""
    body = {"account_id": str(account.pk), "type": "payment", "direction": "outbound"}
    return {**body, "amount": "12.50", **more}


def move(txn: Transaction, to: str, **more: Any) -> Transaction:
    return transaction_move(to=to, txn_id=txn.pk, **more)


def ask_to(
    client: APIClient, txn: Transaction, action: str, key: str | None = None, **more: Any
) -> Any:
    """Ask for an action over HTTP."""
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"action": action, **more}
    return client.post(f"/api/v1/transactions/{txn.pk}/act", body, headers=headers)


def complete(txn: Transaction) -> Transaction:
    return move(txn, "completed")


def paid(account: Account, amount: str, direction: str = "outbound") -> Transaction:
    return complete(create(account, amount, direction, reference="R-7"))


def balances(account: Account) -> tuple[Decimal, Decimal]:
    """Read the available and the current balance anew."""
    account.refresh_from_db()
    return account.available_balance, account.current_balance


def set_status(account: Account, status: str) -> None:
    """Set an account's status as its bank does: not even its own instance knows."""
    Account.objects.filter(pk=account.pk).update(status=status)


def close(account: Account) -> None:
    """Empty an account and close it, as its bank does."""
    account.refresh_from_db()
    if account.available_balance:
        paid(account, str(account.available_balance))
    set_status(account, "closed")


def published(user: User, type: str = "") -> list[str]:
    """List the payloads published to a user, in order; of one type, if given."""
    events = Event.objects.filter(stream__name=user_stream(user.pk)).order_by("offset")
    return [event.payload for event in events if type in ("", event.type)]
