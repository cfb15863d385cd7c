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
from tests.clients import api_as
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
