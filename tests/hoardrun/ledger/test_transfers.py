"""A transfer is one posting with two transactions, and happens once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger import actors
from hoardrun.ledger.errors import (
    AccountNotActive,
    AccountNotFound,
    CarriedMoney,
    CurrencyMismatch,
    IdempotencyConflict,
    InsufficientFunds,
    InvalidAmount,
    OwnAccount,
)
from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.models import Account, Transaction, TransactionMove
from hoardrun.ledger.services import account_open
from hoardrun.ledger.transfers import Transfer, transfer_create
from notifications.models import Notification
from realtime.errors import InvalidInput
from tests.clients import api_as
from tests.hoardrun.ledger.conftest import balances, create, move, published, set_status
from tests.hoardrun.ledger.journal.conftest import assert_books_agree, lines
from tests.hoardrun.tools import problem
from tests.services.work import at_work

pytestmark = pytest.mark.django_db
TRANSFERS = "/api/v1/transfers"


@pytest.fixture
def theirs(bob: User) -> Account:
    """Bob's account in KES, with 5.00."""
    return account_open(user_id=bob.pk, currency="KES", opening_balance="5")


def send(source: Account, target: Account, amount: str = "10", **more: Any) -> Transfer:
    return transfer_create(source_id=source.pk, target_id=target.pk, amount=amount, **more)


def test_it_moves_money_between_customers(kes: Account, theirs: Account, alice: User, bob: User):
    by = actors.user(alice.pk)
    with at_work("req-1"):
        gives, takes, created = send(kes, theirs, "10.50", description="Rent", reference="R", by=by)
    assert created
    assert (balances(kes), balances(theirs)) == ((989.5, 989.5), (15.5, 15.5))
    assert lines(kind="transfer") == [
        ("transfer", f"customer #{kes.pk} KES", f"customer #{theirs.pk} KES", 1050)
    ]
    for side, other in ((gives, takes), (takes, gives)):
        side.refresh_from_db()
        assert (side.status, side.counterpart, side.description) == ("completed", other, "Rent")
    moves = TransactionMove.objects.values_list("txn", "to_status", "user", "request_id")
    assert set(moves) == {(side.pk, "completed", alice.pk, "req-1") for side in (gives, takes)}
    kinds = Notification.objects.order_by("user").values_list("user", "kind")
    assert set(kinds) == {(alice.pk, "transaction.debit"), (bob.pk, "transaction.credit")}
    assert len(published(bob, "transaction_update")) == 1
    assert_books_agree(kes, theirs)


def test_between_accounts_of_one_customer_nobody_is_told(kes: Account, other: Account):
    send(kes, other)
    assert (balances(kes), balances(other)) == ((990, 990), (10, 10))
    assert not Notification.objects.exists()
    assert_books_agree(kes, other)


def test_neither_side_is_moved_again(kes: Account, theirs: Account):
    for side in send(kes, theirs)[:2]:
        with pytest.raises(CarriedMoney):
            move(side, "reversed")


@pytest.mark.parametrize(
    ("amount", "error"),
    [
        ("1000.01", InsufficientFunds),
        ("0", InvalidAmount),
        ("-1", InvalidAmount),
        ("0.001", InvalidAmount),
        (1.5, InvalidAmount),
    ],
)
def test_it_refuses_amounts(kes: Account, theirs: Account, amount: str, error: type[Exception]):
    with pytest.raises(error):
        send(kes, theirs, amount)
    assert (Transaction.objects.count(), balances(kes), balances(theirs)) == (
        0,
        (1000, 1000),
        (5, 5),
    )


@pytest.mark.parametrize("status", ["closed", "suspended", "pending"])
@pytest.mark.parametrize("which", [0, 1])
def test_it_refuses_accounts_that_are_not_active(
    kes: Account, theirs: Account, status: str, which: int
):
    set_status((kes, theirs)[which], status)
    with pytest.raises(AccountNotActive):
        send(kes, theirs)
    assert not Transaction.objects.exists()


def test_it_refuses_other_currencies_the_same_account_and_unknown_ones(kes: Account, ugx: Account):
    with pytest.raises(CurrencyMismatch):
        send(kes, ugx)
    with pytest.raises(InvalidInput, match="another account"):
        send(kes, kes)
    with pytest.raises(AccountNotFound):
        transfer_create(source_id=10**9, target_id=kes.pk, amount="1")
    with pytest.raises(InvalidInput, match="no active account in KES"):
        transfer_create(source_id=kes.pk, target_id="nobody's", amount="1")
    with pytest.raises(InvalidInput, match="not text"):
        send(kes, account_open(user_id=ugx.user_id, currency="KES"), description="\x00")
    assert Posting.objects.filter(kind="transfer").count() == 0


def test_it_takes_money_of_its_owner_only(
    kes: Account, theirs: Account, alice: User, charlie: User
):
    with pytest.raises(AccountNotFound):
        send(theirs, kes, "1", owner_id=alice.pk)
    assert send(kes, theirs, "1", owner_id=alice.pk).created
    own = account_open(user_id=charlie.pk, currency="KES")
    for source, target in ((kes, own), (own, kes)):
        with pytest.raises(OwnAccount):
            send(source, target, "1", by=actors.staff(charlie.pk))


def test_a_credit_account_gives_no_more_than_it_has(credit: Account, theirs: Account):
    send(credit, theirs, "1000")
    with pytest.raises(InsufficientFunds):
        send(credit, theirs, "0.01")
    assert_books_agree(credit, theirs)


def test_a_key_makes_one_transfer(kes: Account, theirs: Account, other: Account):
    first = send(kes, theirs, idempotency_key="k")
    again = send(kes, theirs, idempotency_key="k")
    assert (again.gives, again.takes, again.created) == (first.gives, first.takes, False)
    for change in ({"amount": "11"}, {"description": "x"}, {"target": other}):
        wanted: dict[str, Any] = {"source": kes, "target": theirs, "amount": "10"} | change
        with pytest.raises(IdempotencyConflict):
            send(**wanted, idempotency_key="k")
    create(kes, type="transfer_out", idempotency_key="plain")
    with pytest.raises(IdempotencyConflict):
        send(kes, theirs, idempotency_key="plain")
    assert balances(theirs) == (15, 15)


def test_customers_learn_nothing_of_the_accounts_of_others(
    kes: Account, other: Account, theirs: Account, ugx: Account, alice: User
):
    client = api_as(alice)
    body = {"from_account_id": str(kes.pk), "amount": "1"}
    set_status(theirs, "suspended")
    answers = [
        client.post(TRANSFERS, body | {"to_account_id": str(number)})
        for number in (theirs.pk, ugx.pk, 10**9, "x")
    ]
    for answer in answers:
        assert problem(answer, 400, "invalid_input")["errors"] == {
            "to_account_id": ["There is no active account in KES with that number."]
        }
    problem(client.post(TRANSFERS, body | {"to_account_id": str(kes.pk)}), 400, "invalid_input")
    foreign = {"from_account_id": str(ugx.pk), "to_account_id": str(kes.pk), "amount": "1"}
    problem(client.post(TRANSFERS, foreign), 404, "account_not_found")
    assert not Transaction.objects.exists()


def test_a_customer_pays_another_over_http(kes: Account, theirs: Account, alice: User):
    client = api_as(alice)
    body = {
        "from_account_id": str(kes.pk),
        "to_account_id": str(theirs.pk),
        "amount": "2.50",
        "description": "Tea",
    }
    first = client.post(TRANSFERS, body, headers={"Idempotency-Key": "t"})
    assert first.status_code == 201, first.content
    sent = first.json()
    assert (sent["account_id"], sent["status"], sent["amount"]) == (
        str(kes.pk),
        "completed",
        "2.50",
    )
    assert sent["balance_after"] == "997.50"
    again = client.post(TRANSFERS, body, headers={"Idempotency-Key": "t"})
    assert (again.status_code, again.json()["id"]) == (200, sent["id"])
    assert again["Idempotent-Replayed"] == "true"
    for wrong in ({"amount": 2.5}, {"amount": "2.505"}, {"to_account_id": None}, {"more": 1}):
        problem(client.post(TRANSFERS, body | wrong), 400)
    problem(client.post(TRANSFERS, body | {"amount": "1000"}), 409, "insufficient_funds")
    assert balances(theirs) == (7.5, 7.5)
