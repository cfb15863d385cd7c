"""Money of a closed account has a way out: another account of its customer."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Sum, When
from django.test import Client

from hoardrun.ledger import actors
from hoardrun.ledger.actors import Actor
from hoardrun.ledger.carrying import left_on
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.errors import (
    AccountClosed,
    AccountNotFound,
    CarriedMoney,
    InsufficientFunds,
    NothingToCarry,
    OwnAccount,
)
from hoardrun.ledger.models import LEFT_BEHIND, Account, Transaction
from hoardrun.ledger.services import (
    account_carry,
    account_open,
    transaction_create,
    transaction_move,
)
from hoardrun.ledger.transitions import TRANSITIONS
from realtime.errors import InvalidInput, Refused
from tests.clients import api_as, browser_as
from tests.hoardrun.ledger.conftest import published
from tests.hoardrun.tools import problem

migration: Any = import_module("hoardrun.ledger.migrations.0006_transaction_counterpart")


@pytest.fixture
def other(alice: User) -> Account:
    """Alice's second account, empty and in the same currency."""
    return account_open(user_id=alice.pk, currency="KES", name="Second")


def paid(account: Account, amount: str, direction: str = "outbound") -> Transaction:
    txn = transaction_create(
        account_id=account.pk, type="payment", direction=direction, amount=amount, reference="R-7"
    ).txn
    return transaction_move(to="completed", txn_id=txn.pk)


def close(account: Account) -> None:
    """Empty an account and close it, as its bank does."""
    account.refresh_from_db()
    if account.available_balance:
        paid(account, str(account.available_balance))
    Account.objects.filter(pk=account.pk).update(status="closed")


def balances(account: Account) -> tuple[Decimal, Decimal]:
    account.refresh_from_db()
    return account.available_balance, account.current_balance


def sum_of_transactions(account: Account, **only: Any) -> Decimal:
    signed = Case(When(direction="inbound", then=F("amount")), default=-F("amount"))
    rows = Transaction.objects.filter(account=account, status="completed", **only)
    return Decimal(rows.aggregate(total=Sum(signed))["total"] or 0)


def test_a_payment_of_a_closed_account_is_reversed_onto_another(
    kes: Account, other: Account, bob: User
):
    txn = paid(kes, "400")
    close(kes)
    by = actors.staff(bob.pk)
    with pytest.raises(AccountClosed, match=rf"`onto_account_id`: #{other.pk}\.") as refused:
        transaction_move(to="reversed", txn_id=txn.pk, by=by)
    assert refused.value.extra == {"accounts": [str(other.pk)]}
    transaction_move(to="reversed", txn_id=txn.pk, reason="returned", onto=other.pk, by=by)
    assert balances(kes) == (0, 0)
    assert balances(other) == (400, 400)
    assert sum_of_transactions(kes) + 1000 == 0  # it was opened with 1000
    assert sum_of_transactions(other) == 400
    out, into = Transaction.objects.filter(type__startswith="transfer").order_by("id")
    assert (out.account, out.direction, out.balance_after) == (kes, "outbound", 0)
    assert (into.account, into.direction, into.balance_after) == (other, "inbound", 400)
    assert {out.reference, into.reference} == {"R-7"}
    for side in (out, into):
        [move] = side.moves.values_list("from_status", "to_status", "user", "reason")
        assert move == ("", "completed", bob.pk, "returned")
    assert (out.counterpart, into.counterpart) == (into, out)


def test_its_user_is_told_of_every_part_of_it(kes: Account, other: Account, alice: User):
    txn = paid(kes, "400")
    close(kes)
    before = len(published(alice))
    transaction_move(to="reversed", txn_id=txn.pk, onto=other.pk)
    told = [json.loads(payload)["type"] for payload in published(alice)[before:]]
    # One balance: that of the closed account is what it was.
    assert told == ["balance_update", *["transaction_update"] * 3, "notification"]


def test_a_deposit_is_taken_back_from_another_account(kes: Account, other: Account):
    txn = paid(kes, "400", "inbound")
    close(kes)
    with pytest.raises(AccountClosed):
        transaction_move(to="reversed", txn_id=txn.pk)
    with pytest.raises(InsufficientFunds):
        transaction_move(to="reversed", txn_id=txn.pk, onto=other.pk)
    assert balances(kes) == balances(other) == (0, 0)
    paid(other, "500", "inbound")
    transaction_move(to="reversed", txn_id=txn.pk, onto=other.pk)
    assert (balances(kes), balances(other)) == ((0, 0), (100, 100))


def test_money_that_is_still_there_is_taken_back_from_the_closed_account(kes: Account):
    txn = paid(kes, "400", "inbound")
    Account.objects.filter(pk=kes.pk).update(status="closed")
    transaction_move(to="reversed", txn_id=txn.pk)
    assert balances(kes) == (1000, 1000)


def test_the_last_money_is_taken_back_from_the_closed_account(kes: Account):
    txn = paid(kes, "400", "inbound")
    paid(kes, "1000")
    Account.objects.filter(pk=kes.pk).update(status="closed")
    transaction_move(to="reversed", txn_id=txn.pk)
    assert balances(kes) == (0, 0)


def test_a_move_that_carries_no_money_takes_no_other_account(kes: Account, other: Account):
    txn = transaction_create(
        account_id=kes.pk, type="payment", direction="outbound", amount="400"
    ).txn
    close(kes)
    for to in ("processing", "completed"):
        with pytest.raises(InvalidInput, match="carries no money"):
            transaction_move(txn_id=txn.pk, to=to, onto=other.pk)
        transaction_move(txn_id=txn.pk, to=to)
    assert balances(kes) == balances(other) == (0, 0)


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


def test_a_customer_cancels_onto_another_account_of_theirs(
    kes: Account, other: Account, alice: User
):
    txn = transaction_create(
        account_id=kes.pk, type="payment", direction="outbound", amount="400"
    ).txn
    close(kes)
    by = actors.user(alice.pk)
    with pytest.raises(AccountClosed):
        transaction_move(txn_id=txn.pk, to="cancelled", by=by)
    transaction_move(txn_id=txn.pk, to="cancelled", by=by, onto=other.pk)
    assert (balances(kes), balances(other)) == ((0, 0), (400, 400))


@pytest.mark.parametrize("to", ["cancelled", "failed", "reversed"])
def test_a_closed_credit_line_does_not_become_cash(other: Account, alice: User, bob: User, to: str):
    credit = account_open(user_id=alice.pk, currency="KES", type="credit", credit_limit="1000")
    txn = transaction_create(
        account_id=credit.pk, type="payment", direction="outbound", amount="400"
    ).txn
    if to == "reversed":
        transaction_move(to="completed", txn_id=txn.pk)
    Account.objects.filter(pk=credit.pk).update(status="closed")
    before = balances(credit)
    by = actors.user(alice.pk) if to == "cancelled" else actors.staff(bob.pk)
    with pytest.raises(InvalidInput, match="closed credit account keeps its money"):
        transaction_move(txn_id=txn.pk, to=to, by=by, onto=other.pk)
    assert (balances(credit), balances(other)) == (before, (0, 0))
    transaction_move(txn_id=txn.pk, to=to, by=by)  # the line and the debt are as before
    assert balances(credit) == (1000, 0)


def test_a_credit_line_gives_nothing_for_a_closed_account(
    kes: Account, other: Account, alice: User, bob: User
):
    credit = account_open(user_id=alice.pk, currency="KES", type="credit", credit_limit="100")
    txn = paid(kes, "400", "inbound")
    close(kes)
    by = actors.staff(bob.pk)
    with pytest.raises(AccountClosed) as refused:
        transaction_move(to="reversed", txn_id=txn.pk, by=by)
    assert refused.value.extra["accounts"] == [str(other.pk)]
    with pytest.raises(InvalidInput, match="credit account gives no money"):
        transaction_move(to="reversed", txn_id=txn.pk, by=by, onto=credit.pk)
    assert balances(credit) == (100, 0)


@pytest.fixture
def sides(kes: Account, other: Account) -> list[Transaction]:
    """Both sides of a carry of 400 from Alice's closed account onto her other one."""
    txn = paid(kes, "400")
    close(kes)
    transaction_move(to="reversed", txn_id=txn.pk, onto=other.pk)
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
                transaction_move(txn_id=side.pk, to=to, by=by, onto=onto)
    with pytest.raises(CarriedMoney, match=f"and #{counterpart.pk} carried") as refused:
        transaction_move(txn_id=side.pk, to=to, by=word)
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
    ids = [side.pk for side in sides]
    support.post(
        "/admin/ledger/transaction/", {"action": "reverse", "_selected_action": ids}, follow=True
    )
    assert (balances(kes), balances(other)) == ((0, 0), (400, 400))


def test_over_http_one_side_is_refused_with_the_other(sides: list[Transaction], charlie: User):
    path = f"/api/v1/transactions/{sides[1].pk}/act"
    answer = api_as(charlie).post(path, {"action": "reverse"})
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


@pytest.mark.parametrize("seed", range(3))
def test_no_sequence_of_moves_makes_or_loses_money(alice: User, bob: User, seed: int):
    """Over all accounts of a customer, balances stay what their own transactions add up to."""
    chance = random.Random(seed)
    opened = [
        account_open(
            user_id=alice.pk,
            currency="KES",
            type=type,
            credit_limit="300" if type == "credit" else 0,
            opening_balance="500",
        )
        for type in ("checking", "savings", "credit", "business")
    ]
    people = (actors.user(alice.pk), actors.staff(bob.pk), actors.system("tests"))
    done: Counter[str] = Counter()
    for _ in range(160):
        account = chance.choice(opened)
        txns = list(Transaction.objects.order_by("id"))
        call: Callable[[], object]
        match chance.randrange(9):
            case 0 | 1:
                call = partial(
                    transaction_create,
                    account_id=account.pk,
                    type="payment",
                    direction=chance.choice(["inbound", "outbound"]),
                    amount=chance.randint(1, 200),
                )
            case 2:
                status = chance.choice(["active", "closed"])
                Account.objects.filter(pk=account.pk).update(status=status)
                continue
            case 3:
                call = partial(account_carry, account_id=account.pk, onto=chance.choice(opened).pk)
            case _ if txns:
                txn = chance.choice(txns)
                could = sorted(TRANSITIONS[Status(txn.status)]) or Status.values
                is_closed = txn.account.status == "closed"
                call = partial(
                    transaction_move,
                    txn_id=txn.pk,
                    to=chance.choice(could),
                    by=chance.choice(people),
                    onto=account.pk if is_closed or chance.random() < 0.2 else None,
                )
            case _:
                continue
        try:
            call()
            done["done"] += 1
        except Refused as error:
            done[type(error).__name__] += 1
        rows = Account.objects.filter(user=alice)
        own = sum(sum_of_transactions(account, counterpart=None) for account in opened)
        assert sum(row.current_balance for row in rows) == 2000 + own
        for row in rows:
            assert row.current_balance == 500 + sum_of_transactions(row)
            held = sum(
                row.transactions.filter(
                    direction="outbound", status__in=["pending", "processing"]
                ).values_list("amount", flat=True)
            )
            line = 300 if row.type == "credit" else 0
            assert row.available_balance == row.current_balance - held + line
    assert done["done"] > 20
    assert Transaction.objects.exclude(counterpart=None).exists()


@pytest.mark.parametrize(
    "by", [actors.provider("mpesa", evidence="callback:1"), actors.system("x"), actors.service("x")]
)
@pytest.mark.parametrize(
    ("direction", "through"),
    [("outbound", ["failed"]), ("inbound", ["completed"]), ("outbound", ["completed", "reversed"])],
    ids=str,
)
def test_what_a_program_says_is_stored_and_the_money_stays(
    kes: Account, other: Account, by: Actor, direction: str, through: list[str]
):
    txn = transaction_create(
        account_id=kes.pk, type="payment", direction=direction, amount="400"
    ).txn
    close(kes)
    for to in through:
        transaction_move(txn_id=txn.pk, to=to, by=by)
    assert balances(kes) == (400, 400)
    assert list(Account.objects.filter(LEFT_BEHIND)) == [kes]


@pytest.fixture
def left(kes: Account, other: Account) -> Account:
    """Alice's closed account, on which a provider's word has left 400."""
    txn = transaction_create(
        account_id=kes.pk, type="payment", direction="inbound", amount="400"
    ).txn
    close(kes)
    transaction_move(
        to="completed", txn_id=txn.pk, by=actors.provider("mpesa", evidence="callback:1")
    )
    return kes


def test_staff_carries_what_was_left(left: Account, other: Account, alice: User, bob: User):
    before = len(published(alice))
    by = actors.staff(bob.pk)
    gives, takes = account_carry(account_id=left.pk, onto=other.pk, reason="came late", by=by)
    assert (balances(left), balances(other)) == ((0, 0), (400, 400))
    assert (gives.counterpart, takes.counterpart) == (takes, gives)
    for side in (gives, takes):
        assert side.description == f"Left on closed account #{left.pk}"
        [move] = side.moves.values_list("from_status", "to_status", "user", "reason")
        assert move == ("", "completed", bob.pk, "came late")
        with pytest.raises(CarriedMoney):
            transaction_move(to="reversed", txn_id=side.pk, by=by)
    told = [json.loads(payload)["type"] for payload in published(alice)[before:]]
    assert told == ["balance_update"] * 2 + ["transaction_update"] * 2
    with pytest.raises(NothingToCarry):
        account_carry(account_id=left.pk, onto=other.pk, by=by)


def test_it_carries_only_what_no_payment_holds(kes: Account, other: Account):
    txn = transaction_create(
        account_id=kes.pk, type="payment", direction="outbound", amount="700"
    ).txn
    Account.objects.filter(pk=kes.pk).update(status="closed")
    account_carry(account_id=kes.pk, onto=other.pk)
    assert (balances(kes), balances(other)) == ((0, 700), (300, 300))
    transaction_move(to="completed", txn_id=txn.pk)
    assert balances(kes) == (0, 0)


def test_of_a_credit_account_it_carries_no_more_than_is_available(alice: User) -> None:
    credit = account_open(user_id=alice.pk, currency="KES", type="credit", credit_limit="0")
    Account.objects.filter(pk=credit.pk).update(available_balance="10", current_balance="50")
    credit.refresh_from_db()
    assert left_on(credit) == 10


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_of_a_credit_account_it_carries_no_part_of_the_line(
    other: Account, alice: User, status: str
):
    credit = account_open(user_id=alice.pk, currency="KES", type="credit", credit_limit="1000")
    paid(credit, "250", "inbound")
    held = transaction_create(
        account_id=credit.pk, type="payment", direction="outbound", amount="100"
    ).txn
    if status == "processing":
        transaction_move(txn_id=held.pk, to="processing")
    Account.objects.filter(pk=credit.pk).update(status="closed")
    account_carry(account_id=credit.pk, onto=other.pk)
    assert (balances(credit), balances(other)) == ((1000, 100), (150, 150))
    with pytest.raises(NothingToCarry):
        account_carry(account_id=credit.pk, onto=other.pk)
    transaction_move(to="completed", txn_id=held.pk)
    assert balances(credit) == (1000, 0)


def test_a_debt_is_not_carried(other: Account, alice: User):
    credit = account_open(user_id=alice.pk, currency="KES", type="credit", credit_limit="1000")
    paid(credit, "250")
    Account.objects.filter(pk=credit.pk).update(status="closed")
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
    left: Account, other: Account, alice: User, charlie: User
):
    client = browser_as(charlie)
    page = "/admin/ledger/account/"
    assert list(client.get(page, {"left": "1"}).context["cl"].queryset) == [left]
    form = client.get(f"{page}{left.pk}/change/").content.decode()
    assert "This account is closed and has KES 400.00." in form
    assert f'<option value="{other.pk}">' in form
    answer = client.post(f"{page}{left.pk}/carry/", {"onto": "999"}, follow=True)
    assert "Name another active account" in answer.content.decode()
    body = {"onto": str(other.pk), "reason": "came late"}
    answer = client.post(f"{page}{left.pk}/carry/", body, follow=True)
    assert [str(text) for text in answer.context["messages"]] == [
        f"KES 400.00 carried onto account #{other.pk}."
    ]
    assert "This account is closed and has" not in answer.content.decode()
    assert (balances(left), balances(other)) == ((0, 0), (400, 400))
    assert not client.get(page, {"left": "1"}).context["cl"].queryset.exists()
    assert LogEntry.objects.filter(user=charlie, object_id=str(left.pk)).count() == 1


def test_carrying_in_the_admin_takes_the_right_to_move_money(left: Account, alice: User, bob: User):
    for user in (alice, bob):
        user.is_staff = True
        user.save()
    names = ("view_account", "change_account", "change_transaction")
    rights = Permission.objects.filter(codename__in=names)
    bob.user_permissions.set(rights.exclude(codename="change_transaction"))
    alice.user_permissions.set(rights)
    page = f"/admin/ledger/account/{left.pk}/"
    for user, status in ((bob, 403), (alice, 302)):
        client = browser_as(user)
        assert 'name="onto"' not in client.get(f"{page}change/").content.decode()
        assert client.post(f"{page}carry/", {"onto": "1"}).status_code == status
        assert client.get(f"{page}carry/").status_code == 405
    assert balances(left) == (400, 400)


def test_it_says_so_when_the_customer_has_no_other_account(kes: Account, ugx: Account, bob: User):
    txn = paid(kes, "400")
    close(kes)
    with pytest.raises(AccountClosed, match="Open another account in KES for this customer"):
        transaction_move(to="reversed", txn_id=txn.pk, by=actors.staff(bob.pk))


def test_only_an_active_account_of_the_same_customer_and_currency_takes_it(
    kes: Account, other: Account, alice: User, bob: User
):
    txn = paid(kes, "400")
    dollars = account_open(user_id=alice.pk, currency="USD")
    of_bob = account_open(user_id=bob.pk, currency="KES")
    said = set()
    for wrong in (of_bob.pk, 999, "x"):
        with pytest.raises(InvalidInput, match="onto_account_id") as refused:
            transaction_move(to="reversed", txn_id=txn.pk, onto=wrong)
        said.add(str(refused.value))
    assert len(said) == 1
    with pytest.raises(InvalidInput, match="not closed"):
        transaction_move(to="reversed", txn_id=txn.pk, onto=other.pk)
    close(kes)
    asleep = account_open(user_id=alice.pk, currency="KES")
    Account.objects.filter(pk=asleep.pk).update(status="suspended")
    said = set()
    for wrong in (kes.pk, dollars.pk, of_bob.pk, asleep.pk, 999, "x"):
        with pytest.raises(InvalidInput, match="onto_account_id") as refused:
            transaction_move(to="reversed", txn_id=txn.pk, onto=wrong)
        said.add(str(refused.value))
    assert len(said) == 1  # nobody learns which accounts there are
    assert balances(kes) == balances(of_bob) == (0, 0)


def test_over_http_the_error_says_what_to_send(kes: Account, other: Account, charlie: User):
    txn = paid(kes, "400")
    close(kes)
    path, body = f"/api/v1/transactions/{txn.pk}/act", {"action": "reverse"}
    refused = problem(api_as(charlie).post(path, body), 409, "account_closed")
    [onto] = refused["accounts"]
    answer = api_as(charlie).post(path, body | {"onto_account_id": onto})
    assert (answer.status_code, answer.json()["status"]) == (200, "reversed")
    assert balances(other) == (400, 400)


def test_the_page_in_the_admin_offers_the_accounts(kes: Account, other: Account, support: Client):
    txn = paid(kes, "400")
    page = f"/admin/ledger/transaction/{txn.pk}/change/"
    assert 'name="onto"' not in support.get(page).content.decode()
    close(kes)
    assert f'<option value="{other.pk}">' in support.get(page).content.decode()
    form = {"to": "reversed", "reason": "returned", "onto": str(other.pk)}
    support.post(f"/admin/ledger/transaction/{txn.pk}/move/", form)
    assert balances(other) == (400, 400)
