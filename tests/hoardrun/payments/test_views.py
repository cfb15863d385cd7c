"""Payments over HTTP: created, read and followed by their owners, and by nobody else."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from hoardrun.ledger.models import Account, Transaction
from hoardrun.payments.evidence import Claim
from hoardrun.payments.models import ProviderPayment
from tests.clients import api_as, staff_with
from tests.hoardrun.payments.carrying import ask, money, taken, tell, tell_paid
from tests.hoardrun.payments.support import said
from tests.hoardrun.payments.tiers.test_selectors import give
from tests.hoardrun.tools import problem

PAYMENTS = "/api/v1/payments"


@pytest.fixture
def client(bob: User, settings: Any) -> APIClient:
    """Bob's, where customers pay out to anybody."""
    settings.PAYMENTS = {**settings.PAYMENTS, "PAYMENTS_PAYOUTS_TO": "anybody"}
    return api_as(bob)


def test_money_goes_out_to_known_phones(client: APIClient, ugx: Account, bob: User, settings: Any):
    settings.PAYMENTS = {**settings.PAYMENTS, "PAYMENTS_PAYOUTS_TO": "known"}
    problem(client.post(PAYMENTS, body(ugx)), 409, "phone_not_confirmed")
    assert not ProviderPayment.objects.exists()
    assert client.post(PAYMENTS, body(ugx, kind="collect")).status_code == 201
    give(bob, "+256771234567", "verified")
    assert client.post(PAYMENTS, body(ugx)).status_code == 201
    kinds = dict(ProviderPayment.objects.values_list("kind", "whose"))
    assert kinds == {"collect": "third_party", "payout": "own"}


def body(account: Account, **more: object) -> dict[str, object]:
    wanted = {"account_id": str(account.pk), "provider": "mtn", "kind": "payout"}
    return {**wanted, "amount": "5000", "msisdn": "0771234567", "country": "UG", **more}


def test_a_payment_is_created_and_followed(client: APIClient, ugx: Account):
    response = client.post(PAYMENTS, body(ugx, reference="INV-1"))
    assert response.status_code == 201, response.content
    data = response.json()
    assert (data["state"], data["amount"], data["fee"]) == ("created", "5000", "0")
    assert (data["provider"], data["wallet"], data["stage"]["stage"]) == (
        "mtn",
        "mtn_momo",
        "starting",
    )
    assert data["stage"]["number"] == "•••• 4567"
    assert client.get(f"{PAYMENTS}/{data['id']}").json() == data
    txn = client.get(f"/api/v1/transactions/{data['transaction_id']}").json()
    assert txn["payment"] == data["stage"]
    assert money(ugx) == (45_000, 50_000)
    tell_paid(taken(ProviderPayment.objects.get()), provider_txn_id="R-1")
    steps = client.get(f"{PAYMENTS}/{data['id']}/steps").json()
    assert [(step["to_state"], step["stage"]) for step in steps] == [
        ("submitted", "sent"),
        ("succeeded", "done"),
    ]
    assert client.get(f"{PAYMENTS}/{data['id']}").json()["stage"]["receipt"] == "R-1"
    assert "771234567" not in response.content.decode()


def test_a_reason_has_its_words_in_the_history(client: APIClient, ugx: Account):
    row = taken(ask(ugx))
    tell(row, said(Claim.NOT_PAID, reason="funds"))
    [_, last] = client.get(f"{PAYMENTS}/{row.pk}/steps").json()
    assert (last["reason"], last["text"]) == ("funds", "Not enough money.")


def test_a_key_repeats_it(client: APIClient, ugx: Account):
    first = client.post(PAYMENTS, body(ugx), headers={"Idempotency-Key": "k"})
    again = client.post(PAYMENTS, body(ugx), headers={"Idempotency-Key": "k"})
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert again.json() == first.json()
    other = client.post(PAYMENTS, body(ugx, amount="1"), headers={"Idempotency-Key": "k"})
    problem(other, 422, "idempotency_conflict")
    assert ProviderPayment.objects.count() == 1


@pytest.mark.parametrize("raw", ["null", "7", "[]", '"name"', "{", ""])
def test_a_body_that_is_no_object_is_refused(client: APIClient, raw: str):
    response = client.post(PAYMENTS, raw, content_type="application/json")
    assert response.status_code == 400, response.content


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"kind": "refund"}, "kind"),
        ({"amount": 5000}, "amount"),
        ({"amount": "1.5"}, "amount"),
        ({"msisdn": 771234567}, "msisdn"),
        ({"msisdn": "0711"}, "msisdn"),
        ({"country": "UGA"}, "country"),
        ({"currency": "KES"}, "currency"),
        ({"fee": "1"}, "fee"),
        ({"description": "\x00"}, "description"),
    ],
)
def test_what_is_wrong_is_named(client: APIClient, ugx: Account, wrong: dict, field: str):
    response = client.post(PAYMENTS, body(ugx, **wrong))
    assert response.status_code == 400, response.content
    assert field in response.content.decode()
    assert not Transaction.objects.exists()


def test_what_the_account_does_not_bear_is_refused(client: APIClient, ugx: Account):
    problem(client.post(PAYMENTS, body(ugx, amount="50001")), 409, "insufficient_funds")


def test_while_it_lives_its_transaction_cannot_be_cancelled(client: APIClient, ugx: Account):
    row = ask(ugx, "payout")
    act = f"/api/v1/transactions/{row.txn_id}/act"
    problem(client.post(act, {"action": "cancel"}), 409, "payment_under_way")
    assert money(ugx) == (45_000, 50_000)


def test_payments_of_others_do_not_exist(ugx: Account, alice: User):
    row, stranger = ask(ugx), api_as(alice)
    for path in (f"{PAYMENTS}/{row.pk}", f"{PAYMENTS}/{row.pk}/steps"):
        problem(stranger.get(path), 404, "payment_not_found")
    problem(stranger.get(f"{PAYMENTS}/{uuid.uuid4()}"), 404, "payment_not_found")
    problem(stranger.get(f"{PAYMENTS}/1"), 404, "payment_not_found")
    problem(stranger.post(PAYMENTS, body(ugx)), 404, "account_not_found")


# -- refunds, by staff


@pytest.fixture
def collected(ugx: Account) -> ProviderPayment:
    row = taken(ask(ugx))
    tell_paid(row, provider_txn_id="R-1")
    return row


@pytest.fixture
def dora(db: None) -> User:
    """A member of staff who may give payments back."""
    return staff_with(User.objects.create_user("dora"), "add_providerpayment")


def test_staff_give_a_payment_back_in_parts(collected: ProviderPayment, dora: User, ugx: Account):
    path, desk = f"{PAYMENTS}/{collected.pk}/refunds", api_as(dora)
    response = desk.post(path, {"amount": "2000"}, headers={"Idempotency-Key": "k"})
    assert response.status_code == 201, response.content
    data = response.json()
    assert (data["kind"], data["amount"], data["state"]) == ("refund", "2000", "created")
    again = desk.post(path, {"amount": "2000"}, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert again.json() == data
    other = desk.post(path, {"amount": "1"}, headers={"Idempotency-Key": "k"})
    problem(other, 422, "idempotency_conflict")
    problem(desk.post(path, {"amount": "3001"}), 409, "nothing_to_refund")
    assert desk.post(path, {}).json()["amount"] == "3000"
    problem(desk.post(path, {}), 409, "nothing_to_refund")
    assert money(ugx) == (50_000, 55_000)
    move = Transaction.objects.get(pk=data["transaction_id"]).moves.get(from_status="")
    assert (move.actor_kind, move.user) == ("staff", dora)


@pytest.mark.parametrize("wrong", [{"amount": 2000}, {"amount": "1.5"}, {"currency": "UGX"}])
def test_a_wrong_refund_writes_nothing(collected: ProviderPayment, dora: User, wrong: dict):
    response = api_as(dora).post(f"{PAYMENTS}/{collected.pk}/refunds", wrong)
    assert response.status_code == 400, response.content
    assert next(iter(wrong)) in response.content.decode()
    assert not ProviderPayment.objects.filter(kind="refund").exists()


def test_only_staff_with_the_right_give_back(
    collected: ProviderPayment, client: APIClient, alice: User, dora: User, ugx: Account
):
    path = f"{PAYMENTS}/{collected.pk}/refunds"
    problem(client.post(path, {}), 403)  # its owner
    problem(api_as(alice).post(path, {}), 404, "payment_not_found")
    erin = User.objects.create_user("erin", is_staff=True)
    problem(api_as(erin).post(path, {}), 403)
    for wrong in (uuid.uuid4(), "1"):
        missing = api_as(dora).post(f"{PAYMENTS}/{wrong}/refunds", {})
        problem(missing, 404, "payment_not_found")
    bob = staff_with(User.objects.get(pk=ugx.user_id), "add_providerpayment")
    problem(api_as(bob).post(path, {}), 403, "own_account")
    assert money(ugx) == (55_000, 55_000)
