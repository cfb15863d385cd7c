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
from tests.hoardrun.broadcasts.tools import BODIES, post_as, sent
from tests.hoardrun.ledger.conftest import ask_to, complete, create, payment, published
from tests.hoardrun.tools import problem
from tests.tables import each

ACCOUNTS = "/api/v1/accounts"
TRANSACTIONS = "/api/v1/transactions"


@pytest.fixture
def client(alice: User) -> APIClient:
    return api_as(alice)


def ids_of(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()]


def test_it_lists_only_your_accounts(client: APIClient, kes: Account, ugx: Account):
    (account,) = client.get(ACCOUNTS).json()
    assert account["id"] == str(kes.pk)
    assert account["available_balance"] == account["current_balance"] == "1000.00"
    assert (account["currency"], account["type"]) == ("KES", "checking")
    assert account["status"] == "active"
    assert client.get(f"{ACCOUNTS}/{kes.pk}").json() == account
    assert account.keys() == AccountOutput().fields.keys()


def test_it_hides_rows_of_other_users(client: APIClient, ugx: Account):
    txn = create(ugx)
    problem(client.get(f"{ACCOUNTS}/{ugx.pk}"), 404, "account_not_found")
    problem(client.get(f"{TRANSACTIONS}/{txn.pk}"), 404, "transaction_not_found")
    for action in ("cancel", "complete"):
        problem(ask_to(client, txn, action), 404, "transaction_not_found")
    problem(client.post(TRANSACTIONS, payment(ugx, amount="1")), 404, "account_not_found")
    assert client.get(TRANSACTIONS).json() == []
    assert client.get(TRANSACTIONS, {"account": ugx.pk}).json() == []
    assert Transaction.objects.count() == 1


@pytest.mark.parametrize("wrong", ["0", "x", "-1", "1.5", "9" * 40, "１"])
def test_it_answers_404_to_an_id_that_cannot_be(client: APIClient, wrong: str):
    problem(client.get(f"{ACCOUNTS}/{wrong}"), 404)
    problem(client.get(f"{TRANSACTIONS}/{wrong}"), 404)


def test_it_creates_a_pending_transaction(client: APIClient, kes: Account):
    named = {"provider": "mpesa", "merchant_name": "Java House"}
    response = client.post(TRANSACTIONS, payment(kes, payment_method="mobile_money", **named))
    assert response.status_code == 201
    data = response.json()
    assert data["account_id"] == str(kes.pk)
    assert (data["status"], data["amount"], data["currency"]) == ("pending", "12.50", "KES")
    assert named.items() <= data.items()
    assert data["balance_after"] is data["completed_at"] is None
    assert data.keys() == TransactionOutput().fields.keys()
    assert client.get(f"{TRANSACTIONS}/{data['id']}").json() == data
    assert client.get(f"{ACCOUNTS}/{kes.pk}").json()["available_balance"] == "987.50"


def test_it_replays_an_idempotency_key(client: APIClient, kes: Account):
    first = client.post(TRANSACTIONS, payment(kes), headers={"Idempotency-Key": "k"})
    keyed = payment(kes, idempotency_key="k")
    again = client.post(TRANSACTIONS, keyed)
    assert (first.status_code, again.status_code) == (201, 200)
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert Transaction.objects.count() == 1

    other = client.post(TRANSACTIONS, keyed | {"amount": "13"})
    assert problem(other, 422, "idempotency_conflict")["fields"] == ["amount"]
    problem(client.post(TRANSACTIONS, keyed, headers={"Idempotency-Key": "another"}), 400)


def test_an_amount_that_is_a_number_of_json_is_told_how_to_write_it(kes: Account):
    for amount in (12, 12.5, 0, True):
        answer = api_as(kes.user).post(TRANSACTIONS, payment(kes, amount=amount))
        told = problem(answer, 400)["errors"]
        assert not Transaction.objects.exists()
        assert told == {"amount": ['Give an amount as text, such as "12.50".']}


WRONG: dict[str, list[Any]] = {
    "amount": ["1.234", None, "-1", "0", "1e3", " 12.50", "NaN", {"value": 1}, "10000000000000"],
    "currency": ["XXX", "USD"],
    "type": ["gift", "salary"],
    "direction": ["sideways"],
    "provider": ["paypal"],
    "description": ["x" * 201, "\x00", "\ud800"],
    "merchant": ["surplus"],
    "status": ["completed"],
    "idempotency_key": ["k" * 201, ""],
    "account_id": [None],
}


@pytest.mark.parametrize(("field", "wrong"), each(WRONG))
def test_it_refuses_bad_input(client: APIClient, kes: Account, field: str, wrong: Any):
    text = json.dumps(payment(kes, **{field: wrong}))  # escapes what cannot be encoded
    data = problem(client.post(TRANSACTIONS, text, content_type="application/json"), 400)
    assert field in data["errors"] or "direction" in data["errors"]
    assert not Transaction.objects.exists()


@pytest.mark.parametrize("text", ["", "[]", '"x"', "null", "{"])
def test_it_refuses_a_body_that_is_no_object(client: APIClient, kes: Account, text: str):
    for path in (TRANSACTIONS, f"{TRANSACTIONS}/{create(kes).pk}/act"):
        problem(client.post(path, text, content_type="application/json"), 400)


def test_it_refuses_more_than_is_there(client: APIClient, kes: Account):
    answer = client.post(TRANSACTIONS, payment(kes, amount="1000.01"))
    data = problem(answer, 409, "insufficient_funds")
    assert (data["available"], data["needed"]) == ("1000.00", "1000.01")


def test_it_lists_newest_first_by_skip_and_limit(client: APIClient, kes: Account):
    ids = [str(create(kes).pk) for _ in range(5)][::-1]
    for query, found in (({}, ids), ({"skip": 1, "limit": 2}, ids[1:3]), ({"skip": 5}, [])):
        assert ids_of(client.get(TRANSACTIONS, query)) == found
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
    paid = create(kes)
    received = create(kes, type="salary", direction="inbound")
    complete(received)
    old = create(kes)
    Transaction.objects.filter(pk=old.pk).update(created_at=datetime(2025, 1, 31, 22, tzinfo=UTC))

    def listed(**query) -> set[int]:
        return set(map(int, ids_of(client.get(TRANSACTIONS, query))))

    assert listed(account=kes.pk) == {paid.pk, received.pk, old.pk}
    assert listed(account="9" * 40) == listed(account="x") == set()
    assert listed(status="completed") == listed(type="salary") == {received.pk}
    assert listed(direction="outbound") == {paid.pk, old.pk}
    assert listed(currency="KES", direction="inbound") == {received.pk}
    assert listed(currency="USD") == set()
    assert listed(**{"from": "2025-02-01"}) == {paid.pk, received.pk}
    assert listed(to="9999-12-31") == {paid.pk, received.pk, old.pk}
    assert listed(to=" 2025-01-31 ") == listed(to="2025-01-31T22:00:00Z") == {old.pk}
    assert listed(to="2025-01-31T21:59:59Z") == listed(to="2025-01-30") == set()
    assert listed(**{"from": "2025-01-31T22:00:00Z", "to": "2025-02-01"}) == {old.pk}


BAD_FILTERS = {
    **{"status": ["lost"], "type": ["gift"], "direction": ["x"], "currency": ["x"]},
    "from": ["soon", "0001-01-01T00:00:00+14:00"],
    "to": ["2025-02-31", "9999-12-31T23:59:59-14:00"],
}


@pytest.mark.parametrize(("name", "value"), each(BAD_FILTERS))
def test_it_refuses_a_filter_that_cannot_match(client: APIClient, name: str, value: str):
    problem(client.get(TRANSACTIONS, {name: value}), 400)


def test_it_lets_the_owner_cancel_and_nothing_else(client: APIClient, kes: Account):
    txn = create(kes, "400")
    for action in ("process", "complete", "fail", "reverse", "expire"):
        problem(ask_to(client, txn, action), 403, "action_not_allowed")
    for wrong in ({}, {"action": "steal"}, {"action": "cancel", "force": True}):
        problem(client.post(f"{TRANSACTIONS}/{txn.pk}/act", wrong), 400)
    answer = ask_to(client, txn, "cancel", reason="changed my mind")
    done = answer.json()
    assert (answer.status_code, done["status"]) == (200, "cancelled")
    assert done["failure_reason"] == "changed my mind"
    assert problem(ask_to(client, txn, "cancel"), 409, "illegal_transition")["allowed"] == []


def test_it_lets_staff_act_on_any(charlie: User, kes: Account):
    client = api_as(charlie)

    moves = {"process": "processing", "complete": "completed", "reverse": "reversed"}
    for actions in (moves, {"fail": "failed"}, {"expire": "expired"}):
        txn = create(kes)
        for action, status in actions.items():
            assert ask_to(client, txn, action).json()["status"] == status
    problem(ask_to(client, Transaction(pk=999), "complete"), 404, "transaction_not_found")


def test_it_reads_a_page_in_one_query(
    client: APIClient, kes: Account, django_assert_num_queries: DjangoAssertNumQueries
):
    for _ in range(10):
        create(kes)
    with django_assert_num_queries(1):
        assert len(client.get(TRANSACTIONS).json()) == 10
    for path in (f"{TRANSACTIONS}?page_size=5", ACCOUNTS):
        with django_assert_num_queries(1):
            client.get(path)


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
    named = {"user_id": alice.pk, "account_id": "7", "account_type": "savings"}
    sent(post_as(charlie)("balance", BODIES["balance"] | named))
    told = json.loads(published(alice, "balance_update")[-1])["data"]
    assert (told["id"], told["type"]) == ("7", "savings")
