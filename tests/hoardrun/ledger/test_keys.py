"""An idempotency key is the user's, whichever account it is used on."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User

from hoardrun.ledger.errors import IdempotencyConflict
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import Created, account_open
from tests.hoardrun.ledger.conftest import request
from tests.hoardrun.tools import at_once

migration: Any = import_module("hoardrun.ledger.migrations.0003_transaction_key_owner")


@pytest.fixture
def second(alice: User) -> Account:
    """Alice's other account."""
    return account_open(user_id=alice.pk, currency="KES", opening_balance="1000")


def create(account: Account, key: str = "k", amount: str = "5") -> Created:
    return request(account, amount, idempotency_key=key)


def test_one_key_makes_one_transaction_of_a_user(kes: Account, second: Account, ugx: Account):
    create(kes)
    with pytest.raises(IdempotencyConflict, match="account_id"):
        create(second)
    with pytest.raises(IdempotencyConflict, match="account_id"):  # before its money is looked at
        create(second, amount="5000")
    assert create(ugx).created  # Bob's
    assert not create(kes).created
    assert Transaction.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_key_on_two_accounts_at_a_time_makes_one(kes: Account, second: Account):
    outcomes = at_once(8, lambda number: create((kes, second)[number % 2]))
    created = [outcome for outcome in outcomes if getattr(outcome, "created", False)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, IdempotencyConflict)]
    assert (len(created), len(refused)) == (1, 4), outcomes
    assert Transaction.objects.count() == 1


def test_keys_from_before_go_on_repeating_the_requests_of_their_account(
    kes: Account, second: Account, ugx: Account, alice: User, bob: User
):
    first = create(kes).txn
    other = create(second, "another").txn
    theirs = create(ugx).txn
    single = create(second, "single").txn
    # As it was: no owners, and one key on two accounts.
    Transaction.objects.update(key_owner=None)
    Transaction.objects.filter(pk=other.pk).update(idempotency_key="k")
    migration.give_keys_to_users(apps, None)
    owners = dict(Transaction.objects.values_list("pk", "key_owner"))
    assert owners == {first.pk: alice.pk, other.pk: None, theirs.pk: bob.pk, single.pk: alice.pk}
    assert [create(account).txn for account in (kes, second, ugx)] == [first, other, theirs]
    third = account_open(user_id=alice.pk, currency="KES", opening_balance="9")
    with pytest.raises(IdempotencyConflict):
        create(third)
    assert create(second, "single").txn.pk == single.pk


def test_a_transaction_without_a_key_has_no_key_owner(kes: Account):
    for _ in range(2):
        assert request(kes, "1").created
    assert set(Transaction.objects.values_list("key_owner", "idempotency_key")) == {(None, None)}
