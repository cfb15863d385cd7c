"""Every move of a transaction is stored with its actor, and stays."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, connection, transaction

from hoardrun.ledger import actors
from hoardrun.ledger.errors import InsufficientFunds, OwnAccount
from hoardrun.ledger.models import Account, Transaction, TransactionMove
from realtime.errors import InvalidInput
from tests.clients import api_as, staff_with
from tests.hoardrun.ledger.conftest import ask_to, complete, create, move, payment
from tests.hoardrun.tools import problem


def moves(txn: Transaction) -> list[tuple]:
    return list(
        txn.moves.order_by("id").values_list(
            "from_status", "to_status", "actor_kind", "user__username", "actor_name", "reason"
        )
    )


def test_a_move_stores_its_actor_statuses_and_reason(kes: Account, alice: User, bob: User):
    txn = create(kes, by=actors.user(alice.pk))
    move(txn, "processing", by=actors.system("payouts"))
    word = actors.provider("mpesa", evidence="callback:17")
    move(txn, "completed", by=word)
    move(txn, "reversed", reason="sent twice", by=actors.staff(bob.pk))
    assert moves(txn) == [
        ("", "pending", "user", "alice", "", ""),
        ("pending", "processing", "system", None, "payouts", ""),
        ("processing", "completed", "provider", None, "mpesa", ""),
        ("completed", "reversed", "staff", "bob", "", "sent twice"),
    ]
    assert txn.moves.get(to_status="completed").evidence == "callback:17"


def test_only_a_move_that_ends_it_otherwise_tells_its_reason(kes: Account, bob: User):
    by = actors.staff(bob.pk)
    txn = create(kes)
    for to in ("processing", "completed"):
        moved = move(txn, to, reason=f"because {to}", by=by)
        assert moved.failure_reason == ""
    assert [move[5] for move in moves(txn)] == ["", "because processing", "because completed"]
    assert move(txn, "reversed", reason="sent twice", by=by).failure_reason == "sent twice"


def test_a_completed_one_heals_of_a_reason_that_processing_left(kes: Account):
    txn = create(kes)
    move(txn, "processing")
    Transaction.objects.filter(pk=txn.pk).update(failure_reason="handed over")
    assert complete(txn).failure_reason == ""


def test_a_move_without_an_actor_is_stored_as_unnamed(kes: Account):
    txn = create(kes)
    complete(txn)
    assert {move[2:5] for move in moves(txn)} == {("system", None, "unnamed")}


def test_a_move_that_is_refused_leaves_no_record(kes: Account):
    txn = create(kes, "600", direction="inbound")
    complete(txn)
    create(kes, "1500")
    with pytest.raises(InsufficientFunds):
        move(txn, "reversed")
    other = create(kes, "5", direction="inbound")
    with pytest.raises(InvalidInput, match="reason"):
        move(other, "completed", reason="x" * 201)
    assert len(moves(other)) == 1
    assert [move[1] for move in moves(txn)] == ["pending", "completed"]


@pytest.mark.parametrize("statement", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}"])
def test_no_sql_changes_or_deletes_a_move(kes: Account, statement: str):
    create(kes)
    with (
        pytest.raises(IntegrityError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format("ledger_transactionmove"))
    assert TransactionMove.objects.filter(reason="").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"actor_kind": "user"},
        {"actor_kind": "staff", "actor_name": "bob"},
        {"actor_kind": "system"},
        {"actor_kind": "provider", "actor_name": "mpesa"},  # without evidence
        {"actor_kind": "ghost", "actor_name": "x"},
        {"actor_kind": "system", "actor_name": "x", "to_status": "pending"},  # a second time
    ],
    ids=str,
)
def test_the_database_refuses_a_move_without_an_actor_or_made_twice(kes: Account, wrong: dict):
    txn = create(kes)
    with pytest.raises(IntegrityError), transaction.atomic():
        TransactionMove.objects.create(**{"txn": txn, "to_status": "completed"} | wrong)


def test_staff_moves_nothing_on_an_account_of_its_own(kes: Account, alice: User):
    txn = create(kes, "400", direction="inbound")
    for to in ("completed", "processing", "failed"):
        with pytest.raises(OwnAccount):
            move(txn, to, by=actors.staff(alice.pk))
    with pytest.raises(OwnAccount):
        create(kes, by=actors.staff(alice.pk))
    assert len(moves(txn)) == 1


def test_over_http_it_takes_the_right_of_the_admin(kes: Account, bob: User):
    txn = create(kes, "5000000", direction="inbound")
    for user in (staff_with(bob), staff_with(bob, "view_transaction", "add_transaction")):
        answer = ask_to(api_as(user), txn, "complete")
        assert "ledger.change_transaction" in problem(answer, 403, "permission_denied")["detail"]
    bob.is_staff = False
    bob.save()
    bob.user_permissions.set(Permission.objects.filter(codename="change_transaction"))
    customer = api_as(User.objects.get(pk=bob.pk))
    problem(ask_to(customer, txn, "complete"), 404, "transaction_not_found")
    assert len(moves(txn)) == 1
    client = api_as(staff_with(bob, "change_transaction"))
    client.credentials(HTTP_X_REQUEST_ID="req-17")
    assert ask_to(client, txn, "complete").status_code == 200
    assert moves(txn)[1:] == [("pending", "completed", "staff", "bob", "", "")]
    assert txn.moves.get(to_status="completed").request_id == "req-17"


def test_over_http_staff_is_an_owner_at_its_own_account(kes: Account, alice: User):
    client = api_as(staff_with(alice, "change_transaction"))
    txn = create(kes, "400", direction="inbound")
    problem(ask_to(client, txn, "complete"), 403, "action_not_allowed")
    assert ask_to(client, txn, "cancel").status_code == 200
    assert moves(txn)[1] == ("pending", "cancelled", "user", "alice", "", "")


def test_a_transaction_created_over_http_stores_its_user(kes: Account, alice: User):
    answer = api_as(alice).post("/api/v1/transactions", payment(kes))
    move = TransactionMove.objects.get(txn_id=answer.json()["id"])
    assert (move.actor_kind, move.user_id) == ("user", alice.pk)
    assert move.request_id == answer["X-Request-ID"]


def test_a_move_takes_no_key_and_says_why(kes: Account, alice: User):
    txn, client = create(kes), api_as(alice)
    for key in ("k", ""):
        errors = problem(ask_to(client, txn, "cancel", key=key), 400, "invalid_input")["errors"]
        assert errors["Idempotency-Key"] == [
            "This request takes no key. A move happens once: repeated, it is answered with 409."
        ]
    assert len(moves(txn)) == 1
    for status in (200, 409):
        assert ask_to(client, txn, "cancel").status_code == status
