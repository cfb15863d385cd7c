"""`Idempotency-Key`: one rule at every path that takes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from drf_spectacular.generators import SchemaGenerator
from rest_framework_simplejwt.tokens import RefreshToken

from hoardrun.broadcasts.models import Broadcast
from hoardrun.ledger import services
from hoardrun.ledger.models import Transaction
from notifications.models import Notification
from realtime.models import Event
from tests.clients import api_as
from tests.hoardrun.ledger.conftest import payment
from tests.hoardrun.payments.calling.support import set_up
from tests.hoardrun.tools import problem
from tests.services.asgi import ask

BAD = [b"", b" ", b"a b", b"a,b", b",", b"a\xe9", b"x" * 201, b"a\tb", b"\x7f"]
NOTE = {"title": "Hello", "message": "World"}


@pytest.fixture
def requests(charlie: User, settings: Any) -> dict[str, dict[str, Any]]:
    """A valid body for each path that takes a key, of one user with all rights."""
    settings.PAYMENTS = set_up("https://provider.example")
    account = services.account_open(user_id=charlie.pk, currency="KES", opening_balance="100")
    savings = services.account_open(user_id=charlie.pk, currency="KES")
    Event.objects.all().delete()
    sides = {"from_account_id": str(account.pk), "to_account_id": str(savings.pk)}
    return {
        "/api/v1/transactions": payment(account),
        "/api/v1/transfers": {**sides, "amount": "1"},
        "/api/v1/payments": {
            "account_id": str(account.pk),
            "provider": "daraja",
            "kind": "collect",
            "amount": "1",
            "msisdn": "+254712345678",
        },
        "/api/v1/notifications": NOTE | {"user_id": charlie.pk},
        "/ws/broadcast/announcement": NOTE,
        "/ws/broadcast/notification": NOTE,
    }


def post(user: User, path: str, body: dict[str, Any], key: str | None = None) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return api_as(user).post(path, body, headers=headers)


def written() -> int:
    notes = Notification.objects.filter(title=NOTE["title"])
    return Transaction.objects.count() + Broadcast.objects.count() + notes.count()


@pytest.mark.parametrize("key", BAD, ids=repr)
def test_a_key_that_protects_nothing_is_refused(charlie, requests, key: bytes):
    for path, body in requests.items():
        answer = post(charlie, path, body, key.decode("latin-1"))
        problem(answer, 400, "invalid_input", "Idempotency-Key")
    assert written() == 0


@pytest.mark.parametrize("keys", [("k", "k"), ("k", ""), ("", "k"), ("a", "b", "c")])
def test_a_key_that_is_sent_twice_is_refused(charlie: User, requests, keys: tuple[str, ...]):
    token: Any = RefreshToken.for_user(charlie)
    token["sid"] = "1"
    for path, body in requests.items():
        headers = [
            (b"authorization", f"Bearer {token.access_token}".encode()),
            (b"content-type", b"application/json"),
            *((b"idempotency-key", key.encode()) for key in keys),
        ]
        answer = ask("POST", path, headers=headers, body=json.dumps(body).encode())
        assert answer.status == 400, answer
        assert "Idempotency-Key" in answer.json()["errors"]
    assert written() == 0


def test_a_key_used_for_something_else_is_answered_alike_everywhere(charlie, requests):
    changed = {"amount": "11", "title": "Other"}
    for number, (path, body) in enumerate(requests.items()):
        key = f"k!~{number}"
        assert post(charlie, path, body, key).status_code in (200, 201)
        again = post(charlie, path, body, key)
        assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
        other = body | {name: value for name, value in changed.items() if name in body}
        problem(post(charlie, path, other, key), 422, "idempotency_conflict")
    assert written() == len(requests) + 1  # a transfer has two sides


def test_a_repeated_request_is_told_how_the_transaction_stands_now(charlie, requests):
    path = "/api/v1/transactions"
    too_much = requests[path] | {"amount": "1000"}
    problem(post(charlie, path, too_much, "k"), 409, "insufficient_funds")
    first = post(charlie, path, requests[path], "k")
    assert (first.status_code, first.json()["status"]) == (201, "pending")  # not the refusal
    services.transaction_move(txn_id=first.json()["id"], to="completed")
    again = post(charlie, path, requests[path], "k")
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert again.json() == api_as(charlie).get(f"{path}/{first.json()['id']}").json()
    assert again.json()["status"] == "completed"


def test_a_path_without_idempotency_refuses_a_key(charlie: User):
    for key in ("k", ""):
        answer = post(charlie, "/api/v1/watchlists", {"name": "Mine"}, key)
        problem(answer, 400, "invalid_input", "Idempotency-Key")


# What creates something and takes no key: why a repeated request does no harm.
HARMLESS = {
    "addresses_create": "one row for an address; how many codes are sent is limited",
    "consents_create": "the same said again is the first one",
    "decisions_create": "one is open for a payment; another is refused",
    "payees_create": "it finds the first",
    "price_alerts_create": "the user sees both and removes one; their number is limited",
    "push_subscriptions": "it finds the first",
    "watchlists_create": "the user sees both and removes one; their number is limited",
}


@pytest.mark.operated(number=15)
def test_each_operation_that_creates_takes_a_key_or_does_no_harm_twice() -> None:
    """PUT, PATCH and DELETE are idempotent by HTTP; a POST answered with 200 or 204 changes."""
    found = {
        operation["operationId"]: any(
            each["name"] == "Idempotency-Key" and each["in"] == "header"
            for each in operation.get("parameters", ())
        )
        for path in SchemaGenerator().get_schema(public=True)["paths"].values()
        for method, operation in path.items()
        if method == "post" and operation["responses"].keys() & {"201", "202"}
    }
    assert {name for name, takes_key in found.items() if not takes_key} == HARMLESS.keys()
    assert {"notifications_create", "payments_create", "transfers_create"} < found.keys()


def test_the_key_as_a_field_follows_the_same_rules(charlie, requests):
    path = "/api/v1/transactions"
    for key in ("", "a b", "a,b", "é", "x" * 201, 7, None, "k\n", " k"):
        answer = post(charlie, path, requests[path] | {"idempotency_key": key})
        problem(answer, 400, "invalid_input", "idempotency_key")
    assert written() == 0
