"""Money left on a closed account is carried onto another account of its customer."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from hoardrun.ledger import actors
from hoardrun.ledger.carrying import left_on
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.errors import AccountNotFound, CarriedMoney, NothingToCarry, OwnAccount
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import account_carry, account_open
from realtime.errors import InvalidInput
from tests.clients import act, api_as, browser_as, said, staff_with
from tests.hoardrun.ledger.conftest import (
    ask_to,
    balances,
    close,
    complete,
    create,
    move,
    paid,
    published,
    set_status,
)
from tests.hoardrun.tools import problem

migration: Any = import_module("hoardrun.ledger.migrations.0006_transaction_counterpart")


@pytest.fixture
def sides(kes: Account, other: Account) -> list[Transaction]:
    """Both sides of a carry of 400 from Alice's closed account onto her other one."""
    txn = paid(kes, "400")
    close(kes)
    move(txn, "reversed", onto=other.pk)
    return list(Transaction.objects.filter(type__startswith="transfer").order_by("id"))


@pytest.mark.parametrize("to", sorted(set(Status.values) - {"pending"}))
@pytest.mark.parametrize("index", [0, 1])
def test_one_side_of_a_carry_is_never_moved(
    kes: Account, other: Account, sides: list[Transaction], bob: User, to: str, index: int
):
    side, counterpart = sides[index], sides[1 - index]
    word = actors.provider("mpesa", evidence="callback:1")
    for by in (actors.staff(bob.pk), word, actors.system("tests"), actors.user(kes.user_id)):
        for onto in (None, other.pk):
            with pytest.raises((CarriedMoney, InvalidInput)):
                move(side, to, by=by, onto=onto)
    with pytest.raises(CarriedMoney, match=f"and #{counterpart.pk} carried") as refused:
        move(side, to, by=word)
    assert refused.value.extra == {"counterpart": str(counterpart.pk)}
    side.status = to
    if to != "completed":
        with pytest.raises(IntegrityError), transaction.atomic():
            side.save()
    assert (balances(kes), balances(other)) == ((0, 0), (400, 400))


def test_the_admin_offers_no_move_of_one_side(
    kes: Account, other: Account, sides: list[Transaction], support: Client
):
    for side in sides:
        page = support.get(f"/admin/ledger/transaction/{side.pk}/change/").content.decode()
        assert 'name="to"' not in page
        assert f'/transaction/{side.counterpart_id}/change/">transaction #' in page
        support.post(f"/admin/ledger/transaction/{side.pk}/move/", {"to": "reversed"})
    act(support, "/admin/ledger/transaction/", "reverse", *sides)
    assert (balances(kes), balances(other)) == ((0, 0), (400, 400))


def test_over_http_one_side_is_refused_with_the_other(sides: list[Transaction], charlie: User):
    answer = ask_to(api_as(charlie), sides[1], "reverse")
    assert problem(answer, 409, "carried_money")["counterpart"] == str(sides[0].pk)


def test_pairs_from_before_they_knew_each_other_are_linked(
    kes: Account, other: Account, sides: list[Transaction]
):
    deposit = paid(other, "5", "inbound")
    Transaction.objects.update(counterpart=None)
    migration.link_pairs(apps, None)
    linked = dict(Transaction.objects.values_list("pk", "counterpart"))
    assert (linked[sides[0].pk], linked[sides[1].pk]) == (sides[1].pk, sides[0].pk)
    assert linked[deposit.pk] is None
    assert sum(found is not None for found in linked.values()) == 2
    # Of a pair of which one side was reversed, the other one repairs the sums.
    Transaction.objects.update(counterpart=None)
    Transaction.objects.filter(pk=sides[0].pk).update(status="reversed")
    migration.link_pairs(apps, None)
    assert not Transaction.objects.exclude(counterpart=None).exists()


@pytest.fixture
def left(kes: Account, other: Account) -> Account:
    """Alice's closed account, on which a provider's word has left 400."""
    txn = create(kes, "400", "inbound")
    close(kes)
    move(txn, "completed", by=actors.provider("mpesa", evidence="callback:1"))
    return kes


def test_staff_carries_what_was_left(left: Account, other: Account, alice: User, bob: User):
    before = len(published(alice))
    by = actors.staff(bob.pk)
    gives, takes = account_carry(account_id=left.pk, onto=other.pk, reason="came late", by=by)
    assert (balances(left), balances(other)) == ((0, 0), (400, 400))
    assert (gives.counterpart, takes.counterpart) == (takes, gives)
    for side in (gives, takes):
        assert side.description == f"Left on closed account #{left.pk}"
        [made] = side.moves.values_list("from_status", "to_status", "user", "reason")
        assert made == ("", "completed", bob.pk, "came late")
        with pytest.raises(CarriedMoney):
            move(side, "reversed", by=by)
    told = [json.loads(payload)["type"] for payload in published(alice)[before:]]
    assert told == ["balance_update"] * 2 + ["transaction_update"] * 2
    with pytest.raises(NothingToCarry):
        account_carry(account_id=left.pk, onto=other.pk, by=by)


def test_it_carries_only_what_no_payment_holds(kes: Account, other: Account):
    txn = create(kes, "700")
    set_status(kes, "closed")
    account_carry(account_id=kes.pk, onto=other.pk)
    assert (balances(kes), balances(other)) == ((0, 700), (300, 300))
    complete(txn)
    assert balances(kes) == (0, 0)


def test_a_carry_from_a_credit_account_is_at_most_the_available_balance(alice: User) -> None:
    credit = account_open(user_id=alice.pk, currency="KES", type="credit", credit_limit="0")
    Account.objects.filter(pk=credit.pk).update(available_balance="10", current_balance="50")
    credit.refresh_from_db()
    assert left_on(credit) == 10


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_a_carry_from_a_credit_account_leaves_the_credit_line(
    credit: Account, other: Account, status: str
):
    paid(credit, "250", "inbound")
    held = create(credit, "100")
    if status == "processing":
        move(held, status)
    set_status(credit, "closed")
    account_carry(account_id=credit.pk, onto=other.pk)
    assert (balances(credit), balances(other)) == ((1000, 100), (150, 150))
    with pytest.raises(NothingToCarry):
        account_carry(account_id=credit.pk, onto=other.pk)
    complete(held)
    assert balances(credit) == (1000, 0)


def test_a_debt_is_not_carried(credit: Account, other: Account):
    paid(credit, "250")
    set_status(credit, "closed")
    with pytest.raises(NothingToCarry, match="no money left"):
        account_carry(account_id=credit.pk, onto=other.pk)
    assert (balances(credit), balances(other)) == ((750, -250), (0, 0))


def test_it_is_carried_onto_another_active_account_of_its_user_only(
    left: Account, other: Account, alice: User, bob: User
):
    of_bob = account_open(user_id=bob.pk, currency="KES")
    dollars = account_open(user_id=alice.pk, currency="USD")
    for wrong in (left.pk, of_bob.pk, dollars.pk, 999, "x", ""):
        with pytest.raises(InvalidInput, match="onto_account_id"):
            account_carry(account_id=left.pk, onto=wrong)
    with pytest.raises(NothingToCarry, match="not closed"):
        account_carry(account_id=other.pk, onto=left.pk)
    with pytest.raises(AccountNotFound):
        account_carry(account_id=999, onto=other.pk)
    with pytest.raises(OwnAccount):
        account_carry(account_id=left.pk, onto=other.pk, by=actors.staff(alice.pk))
    assert (balances(left), balances(other)) == ((400, 400), (0, 0))


def test_the_admin_lists_closed_accounts_with_money_and_carries_it(
    left: Account, other: Account, support: Client, charlie: User
):
    client, page = support, "/admin/ledger/account/"
    assert list(client.get(page, {"left": "1"}).context["cl"].queryset) == [left]
    form = client.get(f"{page}{left.pk}/change/").content.decode()
    assert "This account is closed and has KES 400.00." in form
    assert f'<option value="{other.pk}">' in form
    answer = client.post(f"{page}{left.pk}/carry/", {"onto": "999"}, follow=True)
    assert "Name another active account" in answer.content.decode()
    body = {"onto": str(other.pk), "reason": "came late"}
    answer = client.post(f"{page}{left.pk}/carry/", body, follow=True)
    assert said(answer) == [f"KES 400.00 carried onto account #{other.pk}."]
    assert "This account is closed and has" not in answer.content.decode()
    assert (balances(left), balances(other)) == ((0, 0), (400, 400))
    assert not client.get(page, {"left": "1"}).context["cl"].queryset.exists()
    assert LogEntry.objects.filter(user=charlie, object_id=str(left.pk)).count() == 1


def test_carrying_in_the_admin_takes_the_right_to_move_money(left: Account, alice: User, bob: User):
    rights = ("view_account", "change_account")
    bob = staff_with(bob, *rights)
    alice = staff_with(alice, *rights, "change_transaction")
    page = f"/admin/ledger/account/{left.pk}/"
    for user, status in ((bob, 403), (alice, 302)):
        client = browser_as(user)
        assert 'name="onto"' not in client.get(f"{page}change/").content.decode()
        assert client.post(f"{page}carry/", {"onto": "1"}).status_code == status
        assert client.get(f"{page}carry/").status_code == 405
    assert balances(left) == (400, 400)
