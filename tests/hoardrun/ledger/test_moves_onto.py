"""A move of a payment on a closed account takes its money to or from another account."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hoardrun.ledger import actors
from hoardrun.ledger.actors import Actor
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.errors import AccountClosed, InsufficientFunds
from hoardrun.ledger.models import LEFT_BEHIND, Account, Transaction
from hoardrun.ledger.services import (
    account_carry,
    account_open,
)
from hoardrun.ledger.transitions import TRANSITIONS
from realtime.errors import InvalidInput, Refused
from tests.clients import api_as
from tests.hoardrun.ledger.conftest import (
    ask_to,
    balances,
    close,
    create,
    move,
    paid,
    published,
    set_status,
)
from tests.hoardrun.tools import problem


def sum_of(txns: Iterable[Transaction]) -> Decimal:
    """Return what the completed ones of these add up to."""
    ended = (txn for txn in txns if txn.status == "completed")
    return sum((t.amount if t.direction == "inbound" else -t.amount for t in ended), Decimal())


def test_a_payment_of_a_closed_account_is_reversed_onto_another(
    kes: Account, other: Account, bob: User
):
    txn = paid(kes, "400")
    close(kes)
    by = actors.staff(bob.pk)
    with pytest.raises(AccountClosed, match=rf"`onto_account_id`: #{other.pk}\.") as refused:
        move(txn, "reversed", by=by)
    assert refused.value.extra == {"accounts": [str(other.pk)]}
    move(txn, "reversed", reason="returned", onto=other.pk, by=by)
    assert balances(kes) == (0, 0)
    assert balances(other) == (400, 400)
    assert sum_of(kes.transactions.all()) + 1000 == 0  # it was opened with 1000
    assert sum_of(other.transactions.all()) == 400
    out, into = Transaction.objects.filter(type__startswith="transfer").order_by("id")
    assert (out.account, out.direction, out.balance_after) == (kes, "outbound", 0)
    assert (into.account, into.direction, into.balance_after) == (other, "inbound", 400)
    assert {out.reference, into.reference} == {"R-7"}
    for side in (out, into):
        [made] = side.moves.values_list("from_status", "to_status", "user", "reason")
        assert made == ("", "completed", bob.pk, "returned")
    assert (out.counterpart, into.counterpart) == (into, out)


def test_its_user_is_told_of_every_part_of_it(kes: Account, other: Account, alice: User):
    txn = paid(kes, "400")
    close(kes)
    before = len(published(alice))
    move(txn, "reversed", onto=other.pk)
    told = [json.loads(payload)["type"] for payload in published(alice)[before:]]
    # One balance: that of the closed account is what it was.
    assert told == ["balance_update", *["transaction_update"] * 3, "notification"]


def test_a_deposit_is_taken_back_from_another_account(kes: Account, other: Account):
    txn = paid(kes, "400", "inbound")
    close(kes)
    with pytest.raises(AccountClosed):
        move(txn, "reversed")
    with pytest.raises(InsufficientFunds):
        move(txn, "reversed", onto=other.pk)
    assert balances(kes) == balances(other) == (0, 0)
    paid(other, "500", "inbound")
    move(txn, "reversed", onto=other.pk)
    assert (balances(kes), balances(other)) == ((0, 0), (100, 100))


@pytest.mark.parametrize(("spent", "left"), [("0.01", Decimal("999.99")), ("1000", 0)])
def test_a_deposit_is_taken_back_from_the_closed_account_while_it_has_the_money(
    kes: Account, spent: str, left: Decimal
):
    txn = paid(kes, "400", "inbound")
    paid(kes, spent)
    set_status(kes, "closed")
    move(txn, "reversed")
    assert balances(kes) == (left, left)


def test_a_move_that_carries_no_money_takes_no_other_account(kes: Account, other: Account):
    txn = create(kes, "400")
    close(kes)
    for to in ("processing", "completed"):
        with pytest.raises(InvalidInput, match="carries no money"):
            move(txn, to, onto=other.pk)
        move(txn, to)
    assert balances(kes) == balances(other) == (0, 0)


@pytest.mark.parametrize(
    ("direction", "to"),
    [("outbound", "failed"), ("inbound", "completed"), ("outbound", "cancelled")],
)
def test_staff_or_the_customer_ends_a_payment_onto_another_account(
    kes: Account, other: Account, alice: User, bob: User, direction: str, to: str
):
    txn = create(kes, "400", direction)
    close(kes)
    by = actors.user(alice.pk) if to == "cancelled" else actors.staff(bob.pk)
    with pytest.raises(AccountClosed):
        move(txn, to, by=by)
    move(txn, to, by=by, onto=other.pk)
    assert (balances(kes), balances(other)) == ((0, 0), (400, 400))


@pytest.mark.parametrize("to", ["cancelled", "failed", "reversed"])
def test_a_closed_credit_line_does_not_become_cash(
    credit: Account, other: Account, alice: User, bob: User, to: str
):
    txn = paid(credit, "400") if to == "reversed" else create(credit, "400")
    set_status(credit, "closed")
    before = balances(credit)
    by = actors.user(alice.pk) if to == "cancelled" else actors.staff(bob.pk)
    with pytest.raises(InvalidInput, match="closed credit account keeps its money"):
        move(txn, to, by=by, onto=other.pk)
    assert (balances(credit), balances(other)) == (before, (0, 0))
    move(txn, to, by=by)  # the line and the debt are as before
    assert balances(credit) == (1000, 0)


def test_a_credit_line_gives_nothing_for_a_closed_account(
    kes: Account, credit: Account, other: Account, bob: User
):
    txn = paid(kes, "400", "inbound")
    close(kes)
    by = actors.staff(bob.pk)
    with pytest.raises(AccountClosed) as refused:
        move(txn, "reversed", by=by)
    assert refused.value.extra["accounts"] == [str(other.pk)]
    with pytest.raises(InvalidInput, match="credit account gives no money"):
        move(txn, "reversed", by=by, onto=credit.pk)
    assert balances(credit) == (1000, 0)


def test_it_says_so_when_the_customer_has_no_other_account(kes: Account, ugx: Account, bob: User):
    txn = paid(kes, "400")
    close(kes)
    with pytest.raises(AccountClosed, match="Open another account in KES for this customer"):
        move(txn, "reversed", by=actors.staff(bob.pk))


def test_only_an_active_account_of_the_same_customer_and_currency_takes_it(
    kes: Account, other: Account, alice: User, bob: User
):
    txn = paid(kes, "400")
    dollars = account_open(user_id=alice.pk, currency="USD")
    of_bob = account_open(user_id=bob.pk, currency="KES")

    def is_told_apart(*wrong: Any) -> bool:
        said = set()
        for onto in wrong:
            with pytest.raises(InvalidInput, match="onto_account_id") as refused:
                move(txn, "reversed", onto=onto)
            said.add(str(refused.value))
        return len(said) > 1

    assert not is_told_apart(of_bob.pk, 999, "x")
    with pytest.raises(InvalidInput, match="not closed"):
        move(txn, "reversed", onto=other.pk)
    close(kes)
    asleep = account_open(user_id=alice.pk, currency="KES")
    set_status(asleep, "suspended")
    # The answer does not tell which accounts exist.
    assert not is_told_apart(kes.pk, dollars.pk, of_bob.pk, asleep.pk, 999, "x")
    assert balances(kes) == balances(of_bob) == (0, 0)


def test_over_http_the_error_says_what_to_send(kes: Account, other: Account, charlie: User):
    txn = paid(kes, "400")
    close(kes)
    client = api_as(charlie)
    [onto] = problem(ask_to(client, txn, "reverse"), 409, "account_closed")["accounts"]
    answer = ask_to(client, txn, "reverse", onto_account_id=onto)
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


@pytest.mark.parametrize(
    "by", [actors.provider("mpesa", evidence="callback:1"), actors.system("x"), actors.service("x")]
)
@pytest.mark.parametrize(
    ("direction", "through"),
    [("outbound", ["failed"]), ("inbound", ["completed"]), ("outbound", ["completed", "reversed"])],
    ids=str,
)
def test_a_move_by_a_program_is_stored_and_leaves_the_money(
    kes: Account, other: Account, by: Actor, direction: str, through: list[str]
):
    txn = create(kes, "400", direction)
    close(kes)
    for to in through:
        move(txn, to, by=by)
    assert balances(kes) == (400, 400)
    assert list(Account.objects.filter(LEFT_BEHIND)) == [kes]


@pytest.mark.parametrize("seed", range(3))
def test_no_sequence_of_moves_makes_or_loses_money(alice: User, bob: User, seed: int):
    """Over all accounts of a customer, balances stay what their own transactions add up to."""
    chance = random.Random(seed)
    limits = {"checking": "0", "savings": "0", "credit": "300", "business": "0"}
    given: dict[str, Any] = {"user_id": alice.pk, "currency": "KES", "opening_balance": "500"}
    opened = [account_open(type=type, credit_limit=line, **given) for type, line in limits.items()]
    people = (actors.user(alice.pk), actors.staff(bob.pk), actors.system("tests"))
    done: Counter[str] = Counter()
    txns: list[Transaction] = []
    for _ in range(160):
        account = chance.choice(opened)
        call: Callable[[], object]
        match chance.randrange(9):
            case 0 | 1:
                direction = chance.choice(["inbound", "outbound"])
                call = partial(create, account, str(chance.randint(1, 200)), direction)
            case 2:
                set_status(account, chance.choice(["active", "closed"]))
                continue
            case 3:
                call = partial(account_carry, account_id=account.pk, onto=chance.choice(opened).pk)
            case _ if txns:
                txn = chance.choice(txns)
                could = sorted(TRANSITIONS[Status(txn.status)]) or Status.values
                is_closed = txn.account.status == "closed"
                to, by = chance.choice(could), chance.choice(people)
                onto = account.pk if is_closed or chance.random() < 0.2 else None
                call = partial(move, txn, to, by=by, onto=onto)
            case _:
                continue
        try:
            call()
            done["done"] += 1
        except Refused as error:
            done[type(error).__name__] += 1
        txns = list(Transaction.objects.order_by("id"))
        rows = list(Account.objects.filter(user=alice))
        own = sum_of(txn for txn in txns if txn.counterpart_id is None)
        assert sum(row.current_balance for row in rows) == 2000 + own
        for row in rows:
            its = [txn for txn in txns if txn.account_id == row.pk]
            assert row.current_balance == 500 + sum_of(its)
            under_way = [txn for txn in its if txn.status in {"pending", "processing"}]
            held = sum(txn.amount for txn in under_way if txn.direction == "outbound")
            assert row.available_balance == row.current_balance - held + int(limits[row.type])
    assert done["done"] > 20
    assert Transaction.objects.exclude(counterpart=None).exists()
