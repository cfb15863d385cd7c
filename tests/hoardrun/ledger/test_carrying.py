"""Money of a closed account has a way out: another account of its customer."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Case, F, Sum, When
from django.test import Client

from hoardrun.ledger import actors
from hoardrun.ledger.errors import AccountClosed, InsufficientFunds, InvalidInput
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import (
    account_open,
    transaction_complete,
    transaction_create,
    transaction_move,
    transaction_reverse,
)
from tests.hoardrun.ledger.conftest import published
from tests.hoardrun.tools import problem


@pytest.fixture
def other(alice: User) -> Account:
    """Alice's second account, empty and in the same currency."""
    return account_open(user_id=alice.pk, currency="KES", name="Second")


def paid(account: Account, amount: str, direction: str = "outbound") -> Transaction:
    txn = transaction_create(
        account_id=account.pk, type="payment", direction=direction, amount=amount, reference="R-7"
    ).txn
    return transaction_complete(txn_id=txn.pk)


def close(account: Account) -> None:
    """Empty an account and close it, as its bank does."""
    account.refresh_from_db()
    if account.available_balance:
        paid(account, str(account.available_balance))
    Account.objects.filter(pk=account.pk).update(status="closed")


def balances(account: Account) -> tuple[Decimal, Decimal]:
    account.refresh_from_db()
    return account.available_balance, account.current_balance


def sum_of_transactions(account: Account) -> Decimal:
    signed = Case(When(direction="inbound", then=F("amount")), default=-F("amount"))
    rows = Transaction.objects.filter(account=account, status="completed")
    return Decimal(rows.aggregate(total=Sum(signed))["total"] or 0)


def test_a_payment_of_a_closed_account_is_reversed_onto_another(kes: Account, other: Account):
    txn = paid(kes, "400")
    close(kes)
    with pytest.raises(AccountClosed, match=rf"`onto_account_id`: #{other.pk}\.") as refused:
        transaction_reverse(txn_id=txn.pk)
    assert refused.value.extra == {"accounts": [str(other.pk)]}
    by = actors.system("tests")
    transaction_reverse(txn_id=txn.pk, reason="returned", onto=other.pk, by=by)
    assert balances(kes) == (0, 0)
    assert balances(other) == (400, 400)
    assert sum_of_transactions(kes) + 1000 == 0  # it was opened with 1000
    assert sum_of_transactions(other) == 400
    out, into = Transaction.objects.filter(type__startswith="transfer").order_by("id")
    assert (out.account, out.direction, out.balance_after) == (kes, "outbound", 0)
    assert (into.account, into.direction, into.balance_after) == (other, "inbound", 400)
    assert {out.reference, into.reference} == {"R-7"}
    for side in (out, into):
        [move] = side.moves.values_list("from_status", "to_status", "actor_name", "reason")
        assert move == ("", "completed", "tests", "returned")


def test_its_user_is_told_of_every_part_of_it(kes: Account, other: Account, alice: User):
    txn = paid(kes, "400")
    close(kes)
    before = len(published(alice))
    transaction_reverse(txn_id=txn.pk, onto=other.pk)
    told = [json.loads(payload)["type"] for payload in published(alice)[before:]]
    # One balance: that of the closed account is what it was.
    assert told == ["balance_update", *["transaction_update"] * 3, "notification"]


def test_a_deposit_is_taken_back_from_another_account(kes: Account, other: Account):
    txn = paid(kes, "400", "inbound")
    close(kes)
    with pytest.raises(AccountClosed):
        transaction_reverse(txn_id=txn.pk)
    with pytest.raises(InsufficientFunds):
        transaction_reverse(txn_id=txn.pk, onto=other.pk)
    assert balances(kes) == balances(other) == (0, 0)
    paid(other, "500", "inbound")
    transaction_reverse(txn_id=txn.pk, onto=other.pk)
    assert (balances(kes), balances(other)) == ((0, 0), (100, 100))


def test_money_that_is_still_there_is_taken_back_from_the_closed_account(kes: Account):
    txn = paid(kes, "400", "inbound")
    Account.objects.filter(pk=kes.pk).update(status="closed")
    transaction_reverse(txn_id=txn.pk)
    assert balances(kes) == (1000, 1000)


@pytest.mark.parametrize(("direction", "to"), [("outbound", "failed"), ("inbound", "completed")])
def test_staff_ends_what_was_under_way_onto_another_account(
    kes: Account, other: Account, bob: User, direction: str, to: str
):
    txn = transaction_create(
        account_id=kes.pk, type="payment", direction=direction, amount="400"
    ).txn
    close(kes)
    by = actors.staff(bob.pk)
    with pytest.raises(AccountClosed):
        transaction_move(txn_id=txn.pk, to=to, by=by)
    transaction_move(txn_id=txn.pk, to=to, by=by, onto=other.pk)
    assert (balances(kes), balances(other)) == ((0, 0), (400, 400))


def test_what_a_provider_says_still_ends_it(kes: Account):
    txn = transaction_create(
        account_id=kes.pk, type="payment", direction="inbound", amount="400"
    ).txn
    close(kes)
    transaction_complete(txn_id=txn.pk, by=actors.provider("mpesa", evidence="callback:1"))
    assert balances(kes) == (400, 400)


def test_it_says_so_when_the_customer_has_no_other_account(kes: Account, ugx: Account):
    txn = paid(kes, "400")
    close(kes)
    with pytest.raises(AccountClosed, match="Open another account in KES for this customer"):
        transaction_reverse(txn_id=txn.pk)


def test_only_an_active_account_of_the_same_customer_and_currency_takes_it(
    kes: Account, other: Account, alice: User, bob: User
):
    txn = paid(kes, "400")
    for wrong in (other.pk, 999, "x"):
        with pytest.raises(InvalidInput, match="onto_account_id"):  # the account is open
            transaction_reverse(txn_id=txn.pk, onto=wrong)
    close(kes)
    dollars = account_open(user_id=alice.pk, currency="USD")
    of_bob = account_open(user_id=bob.pk, currency="KES")
    asleep = account_open(user_id=alice.pk, currency="KES")
    Account.objects.filter(pk=asleep.pk).update(status="suspended")
    for wrong in (kes.pk, dollars.pk, of_bob.pk, asleep.pk, 999, "x"):
        with pytest.raises(InvalidInput, match="onto_account_id"):
            transaction_reverse(txn_id=txn.pk, onto=wrong)
    assert balances(kes) == balances(of_bob) == (0, 0)


def test_over_http_the_error_says_what_to_send(
    kes: Account, other: Account, charlie: User, login: Any
):
    txn = paid(kes, "400")
    close(kes)
    path, body = f"/api/v1/transactions/{txn.pk}/act", {"action": "reverse"}
    refused = problem(login(charlie).post(path, body, format="json"), 409, "account_closed")
    [onto] = refused["accounts"]
    answer = login(charlie).post(path, body | {"onto_account_id": onto}, format="json")
    assert (answer.status_code, answer.json()["status"]) == (200, "reversed")
    assert balances(other) == (400, 400)


def test_the_page_in_the_admin_offers_the_accounts(kes: Account, other: Account, charlie: User):
    client = Client()
    client.force_login(charlie)
    txn = paid(kes, "400")
    page = f"/admin/ledger/transaction/{txn.pk}/change/"
    assert 'name="onto"' not in client.get(page).content.decode()
    close(kes)
    assert f'<option value="{other.pk}">' in client.get(page).content.decode()
    form = {"to": "reversed", "reason": "returned", "onto": str(other.pk)}
    client.post(f"/admin/ledger/transaction/{txn.pk}/move/", form)
    assert balances(other) == (400, 400)
