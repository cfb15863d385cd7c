from __future__ import annotations

import json
from collections import Counter
from contextlib import nullcontext
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.db import transaction

from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import account_open
from realtime.models import Event
from tests.hoardrun.ledger.conftest import complete, create, published


def told(user: User, type: str) -> list[dict[str, Any]]:
    return [json.loads(payload)["data"] for payload in published(user, type)]


def last_balance(user: User) -> dict[str, Any]:
    return told(user, "balance_update")[-1]


def fee(account: Account) -> Transaction:
    """Save a transaction without a service."""
    asked = {"type": "fee", "direction": "outbound", "currency": "KES"}
    return Transaction.objects.create(account=account, amount=3, **asked)


def test_it_publishes_balance_transaction_and_notification_in_one_commit(
    kes: Account, alice: User, bob: User
):
    txn = create(kes, "250.5", type="mobile_payment", provider="mpesa", description="Lunch")
    complete(txn)
    assert [json.loads(payload)["type"] for payload in published(alice)] == [
        "balance_update",
        *("balance_update", "transaction_update"),
        *("balance_update", "transaction_update", "notification"),
    ]
    balance = last_balance(alice)
    assert balance["account_id"] == str(kes.pk)
    assert (balance["current_balance"], balance["available_balance"]) == ("749.50", "749.50")
    pending, completed = told(alice, "transaction_update")
    assert (pending["status"], pending["balance_after"]) == ("pending", None)
    assert completed["id"] == str(txn.pk)
    assert completed["amount"] == "250.50"
    assert (completed["status"], completed["balance_after"]) == ("completed", "749.50")
    assert (completed["provider"], completed["description"]) == ("mpesa", "Lunch")
    assert completed["completed_at"].endswith("Z")
    assert published(bob) == []


def test_it_writes_amounts_with_the_decimals_of_the_currency(ugx: Account, bob: User):
    complete(create(ugx, "1250"))
    completed, balance = told(bob, "transaction_update")[-1], last_balance(bob)
    assert (completed["amount"], completed["balance_after"]) == ("1250", "48750")
    assert (balance["available_balance"], balance["current_balance"]) == ("48750", "48750")


def test_it_publishes_a_new_account_with_all_that_a_page_shows(alice: User, bob: User):
    account_open(user_id=alice.pk, currency="KES", name="Rent")
    account_open(user_id=bob.pk, currency="KES", opening_balance="1")
    [empty] = told(alice, "balance_update")
    assert (empty["name"], empty["status"], empty["current_balance"]) == ("Rent", "active", "0.00")
    assert told(bob, "balance_update")[0]["current_balance"] == "1.00"


def test_it_publishes_an_account_only_when_something_changed(kes: Account, alice: User):
    before = len(published(alice))
    account = Account.objects.get(pk=kes.pk)
    account.save()
    Account.objects.only("name").get(pk=kes.pk).save()
    account.current_balance += 1
    account.save(update_fields=["name"])
    assert len(published(alice)) == before
    account.save()
    account.save()
    assert len(published(alice)) == before + 1
    account.status = "suspended"
    account.save()
    assert last_balance(alice)["status"] == "suspended"


def test_it_tells_nothing_that_the_save_did_not_store(kes: Account, alice: User):
    account = Account.objects.get(pk=kes.pk)
    account.current_balance += 1
    account.name = "Rent"
    account.save(update_fields=["name"])
    last = last_balance(alice)
    assert (last["name"], last["current_balance"]) == ("Rent", "1000.00")
    account.save()
    assert last_balance(alice)["current_balance"] == "1001.00"


def test_it_publishes_what_is_saved_without_a_service(kes: Account, alice: User):
    fee(kes)
    assert told(alice, "transaction_update")[0]["type"] == "fee"


def test_it_publishes_a_transaction_when_any_of_it_changed_and_only_then(kes: Account, alice: User):
    txn = fee(kes)
    loaded = Transaction.objects.get(pk=txn.pk)
    loaded.save()
    assert len(told(alice, "transaction_update")) == 1
    loaded.description, loaded.reference = "Monthly", "not saved"
    loaded.save(update_fields=["description"])
    last = told(alice, "transaction_update")[-1]
    assert (last["description"], last["reference"]) == ("Monthly", "")
    assert len(told(alice, "transaction_update")) == 2


@pytest.mark.django_db(transaction=True)
def test_it_publishes_nothing_of_what_is_rolled_back(kes: Account):
    before = Event.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        txn = create(kes, "5")
        complete(txn)
        assert Event.objects.count() > before
        raise RuntimeError
    assert Event.objects.count() == before


def test_it_publishes_no_fixtures(kes: Account):
    before = Event.objects.count()
    for row in serializers.deserialize("json", serializers.serialize("json", [kes])):
        assert isinstance(row.object, Account)
        row.object.current_balance += 1
        row.save()
    assert Event.objects.count() == before


@pytest.mark.parametrize("savepoint", [False, True])
@pytest.mark.django_db(transaction=True)
def test_it_publishes_a_save_that_was_rolled_back_and_is_repeated(
    kes: Account, alice: User, savepoint: bool
):
    txn = create(kes, "5", type="fee")
    before = Counter(event["type"] for event in map(json.loads, published(alice)))
    account = Account.objects.get(pk=kes.pk)
    with transaction.atomic() if savepoint else nullcontext():
        with pytest.raises(LookupError), transaction.atomic():
            account.name = "Rent"
            account.save()
            txn.description = "Monthly"
            txn.save()
            raise LookupError
        account.save()
        txn.save()
    after = Counter(event["type"] for event in map(json.loads, published(alice)))
    assert after - before == {"balance_update": 1, "transaction_update": 1}
    assert last_balance(alice)["name"] == "Rent"


def test_it_publishes_what_a_stale_or_partly_loaded_instance_overwrites(kes: Account, alice: User):
    stale = Account.objects.get(pk=kes.pk)
    partly = Account.objects.defer("name").get(pk=kes.pk)
    kes.name = "Rent"
    kes.save()
    stale.save()
    assert last_balance(alice)["name"] == ""
    count = len(told(alice, "balance_update"))
    partly.save()
    assert len(told(alice, "balance_update")) == count
    partly.name = "Food"
    partly.save()
    assert last_balance(alice)["name"] == "Food"
