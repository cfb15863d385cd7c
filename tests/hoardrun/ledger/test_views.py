"""The ledger over HTTP: shapes, owners, pages, filters, keys, actions and refusals."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.serializers import AccountOutput, TransactionOutput
from tests.clients import api_as
from tests.hoardrun.ledger.conftest import complete, create, published
from tests.hoardrun.tools import problem

ACCOUNTS = "/api/v1/accounts"
TRANSACTIONS = "/api/v1/transactions"


@pytest.fixture
def client(alice: User) -> APIClient:
    return api_as(alice)


def body(account: Account, **more) -> dict[str, Any]:
    return {
        "account_id": str(account.pk),
        "type": "payment",
        "direction": "outbound",
        "amount": "12.50",
        **more,
    }


def test_it_asks_for_a_login(db):
    for path in (ACCOUNTS, f"{ACCOUNTS}/1", TRANSACTIONS, f"{TRANSACTIONS}/1"):
        assert APIClient().get(path).status_code == 401
    assert APIClient().post(f"{TRANSACTIONS}/1/act", {}).status_code == 401


def test_it_lists_only_your_accounts(client: APIClient, kes: Account, ugx: Account):
    (account,) = client.get(ACCOUNTS).json()
    assert account["id"] == str(kes.pk)
    assert account["available_balance"] == account["current_balance"] == "1000.00"
    assert (account["currency"], account["type"], account["status"]) == (
        "KES",
        "checking",
        "active",
    )
    assert client.get(f"{ACCOUNTS}/{kes.pk}").json() == account
    assert account.keys() == AccountOutput().fields.keys()


def test_it_answers_with_and_without_a_trailing_slash(client: APIClient, kes: Account):
    txn = create(kes)
    for path in (ACCOUNTS, f"{ACCOUNTS}/{kes.pk}", TRANSACTIONS, f"{TRANSACTIONS}/{txn.pk}"):
        assert client.get(f"{path}/").json() == client.get(path).json()


def test_it_hides_rows_of_other_users(client: APIClient, ugx: Account):
    txn = create(ugx)
    problem(client.get(f"{ACCOUNTS}/{ugx.pk}"), 404, "account_not_found")
    problem(client.get(f"{TRANSACTIONS}/{txn.pk}"), 404, "transaction_not_found")
    for action in ("cancel", "complete"):
        act = client.post(f"{TRANSACTIONS}/{txn.pk}/act", {"action": action})
        problem(act, 404, "transaction_not_found")
    created = client.post(TRANSACTIONS, body(ugx, amount="1"))
    problem(created, 404, "account_not_found")
    assert client.get(TRANSACTIONS).json() == []
    assert client.get(TRANSACTIONS, {"account": ugx.pk}).json() == []
    assert Transaction.objects.count() == 1


@pytest.mark.parametrize("wrong", ["0", "x", "-1", "1.5", "9" * 40, "１"])
def test_it_answers_404_to_an_id_that_cannot_be(client: APIClient, wrong: str):
    problem(client.get(f"{ACCOUNTS}/{wrong}"), 404)
    problem(client.get(f"{TRANSACTIONS}/{wrong}"), 404)


def test_it_creates_a_pending_transaction(client: APIClient, kes: Account):
    response = client.post(
        TRANSACTIONS,
        body(kes, payment_method="mobile_money", provider="mpesa", merchant_name="Java House"),
    )
    assert response.status_code == 201
    data = response.json()
    assert data["account_id"] == str(kes.pk)
    assert (data["status"], data["amount"], data["currency"]) == ("pending", "12.50", "KES")
    assert (data["provider"], data["merchant_name"]) == ("mpesa", "Java House")
    assert data["balance_after"] is data["completed_at"] is None
    assert data.keys() == TransactionOutput().fields.keys()
    assert client.get(f"{TRANSACTIONS}/{data['id']}").json() == data
    assert client.get(f"{ACCOUNTS}/{kes.pk}").json()["available_balance"] == "987.50"


def test_it_replays_an_idempotency_key(client: APIClient, kes: Account):
    first = client.post(TRANSACTIONS, body(kes), headers={"Idempotency-Key": "k"})
    again = client.post(TRANSACTIONS, body(kes, idempotency_key="k"))
    assert (first.status_code, again.status_code) == (201, 200)
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert Transaction.objects.count() == 1

    other = body(kes, amount="13", idempotency_key="k")
    conflict = problem(client.post(TRANSACTIONS, other), 422, "idempotency_conflict")
    assert conflict["fields"] == ["amount"]
    two_keys = client.post(
        TRANSACTIONS, body(kes, idempotency_key="k"), headers={"Idempotency-Key": "another"}
    )
    problem(two_keys, 400)


def test_an_amount_that_is_a_number_of_json_is_told_how_to_write_it(kes: Account):
    for amount in (12, 12.5, 0, True):
        answer = api_as(kes.user).post(TRANSACTIONS, body(kes, amount=amount))
        told = problem(answer, 400)["errors"]
        assert not Transaction.objects.exists()
        assert told == {"amount": ['Give an amount as text, such as "12.50".']}


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "1.234"},
        {"amount": None},
        {"amount": "-1"},
        {"amount": "0"},
        {"amount": "1e3"},
        {"amount": " 12.50"},
        {"amount": "NaN"},
        {"amount": {"value": 1}},
        {"amount": "10000000000000"},
        {"currency": "XXX"},
        {"currency": "USD"},
        {"type": "gift"},
        {"type": "salary"},
        {"direction": "sideways"},
        {"provider": "paypal"},
        {"description": "x" * 201},
        {"description": "\x00"},
        {"description": "\ud800"},
        {"merchant": "surplus"},
        {"status": "completed"},
        {"idempotency_key": "k" * 201},
        {"idempotency_key": ""},
        {"account_id": None},
    ],
    ids=lambda wrong: ascii(wrong)[:40],
)
def test_it_refuses_bad_input(client: APIClient, kes: Account, wrong: dict):
    text = json.dumps(body(kes, **wrong))  # escapes what cannot be encoded
    data = problem(client.post(TRANSACTIONS, text, content_type="application/json"), 400)
    assert next(iter(wrong)) in data["errors"] or "direction" in data["errors"]
    assert not Transaction.objects.exists()


@pytest.mark.parametrize("text", ["", "[]", '"x"', "null", "{"])
def test_it_refuses_a_body_that_is_no_object(client: APIClient, kes: Account, text: str):
    for path in (TRANSACTIONS, f"{TRANSACTIONS}/{create(kes).pk}/act"):
        problem(client.post(path, text, content_type="application/json"), 400)


def test_it_refuses_more_than_is_there(client: APIClient, kes: Account):
    answer = client.post(TRANSACTIONS, body(kes, amount="1000.01"))
    data = problem(answer, 409, "insufficient_funds")
    assert (data["available"], data["needed"]) == ("1000.00", "1000.01")


def test_it_lists_newest_first_by_skip_and_limit(client: APIClient, kes: Account):
    ids = [str(create(kes).pk) for _ in range(5)][::-1]

    def listed(**query) -> list[str]:
        return [txn["id"] for txn in client.get(TRANSACTIONS, query).json()]

    assert listed() == ids
    assert listed(skip=1, limit=2) == ids[1:3]
    assert listed(skip=5) == []
    for wrong in ({"limit": 0}, {"limit": 201}, {"limit": "x"}, {"skip": -1}, {"skip": 10**30}):
        problem(client.get(TRANSACTIONS, wrong), 400)


def test_it_pages_by_cursor_while_new_ones_arrive(client: APIClient, kes: Account):
    moment = datetime.now(UTC)
    ids = [str(create(kes).pk) for _ in range(5)][::-1]
    Transaction.objects.update(created_at=moment)  # equal moments must not lose a row
    page = client.get(TRANSACTIONS, {"page_size": 2}).json()
    assert page.keys() == {"next", "previous", "results"}
    seen = [txn["id"] for txn in page["results"]]
    while page["next"]:
        create(kes)
        page = client.get(page["next"]).json()
        seen += [txn["id"] for txn in page["results"]]
    assert seen == ids
    problem(client.get(TRANSACTIONS, {"cursor": "nonsense"}), 400)


def test_it_filters(client: APIClient, alice: User, kes: Account):
    sent = create(kes)
    received = create(kes, type="salary", direction="inbound")
    complete(received)
    old = create(kes)
    Transaction.objects.filter(pk=old.pk).update(created_at=datetime(2025, 1, 31, 22, tzinfo=UTC))

    def listed(**query) -> set[int]:
        response = client.get(TRANSACTIONS, query)
        assert response.status_code == 200, response.content
        return {int(txn["id"]) for txn in response.json()}

    assert listed(account=kes.pk) == {sent.pk, received.pk, old.pk}
    assert listed(account="9" * 40) == listed(account="x") == set()
    assert listed(status="completed") == listed(type="salary") == {received.pk}
    assert listed(direction="outbound") == {sent.pk, old.pk}
    assert listed(currency="KES", direction="inbound") == {received.pk}
    assert listed(currency="USD") == set()
    assert listed(**{"from": "2025-02-01"}) == {sent.pk, received.pk}
    assert listed(to="9999-12-31") == {sent.pk, received.pk, old.pk}
    assert listed(to="2025-01-31") == listed(to="2025-01-31T22:00:00Z") == {old.pk}
    assert listed(to="2025-01-31T21:59:59Z") == listed(to="2025-01-30") == set()
    assert listed(**{"from": "2025-01-31T22:00:00Z", "to": "2025-02-01"}) == {old.pk}


@pytest.mark.parametrize(
    "query",
    [
        {"status": "lost"},
        {"type": "gift"},
        {"direction": "x"},
        {"currency": "x"},
        {"from": "soon"},
        {"to": "2025-02-31"},
        {"from": "0001-01-01T00:00:00+14:00"},
        {"to": "9999-12-31T23:59:59-14:00"},
    ],
    ids=str,
)
def test_it_refuses_a_filter_that_cannot_match(client: APIClient, query: dict):
    problem(client.get(TRANSACTIONS, query), 400)


def test_it_lets_the_owner_cancel_and_nothing_else(client: APIClient, kes: Account):
    txn = create(kes, "400")
    path = f"{TRANSACTIONS}/{txn.pk}/act"
    for action in ("process", "complete", "fail", "reverse", "expire"):
        refused = client.post(path, {"action": action})
        problem(refused, 403, "action_not_allowed")
    for wrong in ({}, {"action": "steal"}, {"action": "cancel", "force": True}):
        problem(client.post(path, wrong), 400)
    done = client.post(path, {"action": "cancel", "reason": "changed my mind"})
    assert done.status_code == 200
    assert (done.json()["status"], done.json()["failure_reason"]) == (
        "cancelled",
        "changed my mind",
    )
    again = client.post(path, {"action": "cancel"})
    assert problem(again, 409, "illegal_transition")["allowed"] == []


def test_it_lets_staff_act_on_any(charlie: User, kes: Account):
    client = api_as(charlie)

    def act(txn: Transaction, *actions: str) -> list[str]:
        path = f"{TRANSACTIONS}/{txn.pk}/act"
        posts = (client.post(path, {"action": action}) for action in actions)
        return [post.json()["status"] for post in posts]

    assert act(create(kes), "process", "complete", "reverse") == [
        "processing",
        "completed",
        "reversed",
    ]
    assert act(create(kes), "fail") == ["failed"]
    assert act(create(kes), "expire") == ["expired"]
    nobody = client.post(f"{TRANSACTIONS}/999/act", {"action": "complete"})
    problem(nobody, 404, "transaction_not_found")


def test_it_reads_a_page_in_one_query(
    client: APIClient, kes: Account, django_assert_num_queries: DjangoAssertNumQueries
):
    for _ in range(10):
        create(kes)
    with django_assert_num_queries(1):
        assert len(client.get(TRANSACTIONS).json()) == 10
    with django_assert_num_queries(1):
        client.get(TRANSACTIONS, {"page_size": 5})
    with django_assert_num_queries(1):
        client.get(ACCOUNTS)


def test_it_says_when_in_utc_with_milliseconds(client: APIClient, kes: Account):
    created_at = client.get(f"{TRANSACTIONS}/{create(kes).pk}").json()["created_at"]
    assert created_at.endswith("Z")
    assert len(created_at) == len("2026-01-31T12:00:00.000Z")
    assert abs(datetime.now(UTC) - datetime.fromisoformat(created_at)) < timedelta(minutes=1)


def test_an_account_has_one_shape_everywhere(client: APIClient, kes: Account, alice: User):
    told = json.loads(published(alice, "balance_update")[-1])["data"]
    [listed] = client.get(ACCOUNTS).json()
    assert client.get(f"{ACCOUNTS}/{kes.pk}").json() == listed == told
    assert client.get("/api/v1/snapshot").json()["accounts"] == [listed]
    assert listed["id"] == listed["account_id"] == str(kes.pk)
    assert listed["type"] == listed["account_type"] == "checking"
    documented = client.get("/api/schema?format=json").json()["components"]["schemas"]
    assert documented["AccountOutput"]["properties"].keys() == listed.keys()


def test_a_balance_that_staff_pushes_has_it_too(charlie: User, alice: User, kes: Account):
    body = {
        "user_id": alice.pk,
        "account_id": "7",
        "currency": "KES",
        "available_balance": "1",
        "current_balance": "1",
        "account_type": "savings",
    }
    assert api_as(charlie).post("/ws/broadcast/balance", body).status_code == 200
    told = json.loads(published(alice, "balance_update")[-1])["data"]
    assert (told["id"], told["type"]) == ("7", "savings")
