"""Customers cancel a payment over HTTP, try one again, and see how they can pay."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from hoardrun.ledger.models import Account
from hoardrun.payments.calling.claims import claim
from hoardrun.payments.errors import NothingToDecide
from hoardrun.payments.evidence import Claim
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.staff import decision_ask
from tests.clients import api_as
from tests.hoardrun.payments.carrying import ask, money, states, taken, tell, tell_paid, txn_of
from tests.hoardrun.payments.support import said
from tests.hoardrun.tools import problem

PAYMENTS = "/api/v1/payments"


@pytest.fixture
def client(bob: User, settings: Any) -> APIClient:
    """Bob's, where customers pay out to anybody."""
    settings.PAYMENTS = {**settings.PAYMENTS, "PAYMENTS_PAYOUTS_TO": "anybody"}
    return api_as(bob)


def failed(row: ProviderPayment, *, retry_safe: bool = True) -> ProviderPayment:
    tell(taken(row), said(Claim.NOT_PAID, reason="funds", retry_safe=retry_safe))
    return row


@pytest.mark.parametrize("kind", ["collect", "payout"])
def test_what_nobody_was_asked_for_is_cancelled(client: APIClient, ugx: Account, kind: str):
    row = ask(ugx, kind)
    answer = client.post(f"{PAYMENTS}/{row.pk}/cancel")
    assert answer.status_code == 200, answer.content
    stage = answer.json()["stage"]
    assert (stage["stage"], stage["reason"]["code"], stage["retry_safe"]) == (
        "cancelled",
        "cancelled",
        True,
    )
    assert states(row) == ["created", "cancelled"]
    assert txn_of(row).status == "cancelled"
    assert money(ugx) == (50_000, 50_000)
    assert claim("mtn", 10) == []
    problem(client.post(f"{PAYMENTS}/{row.pk}/cancel"), 409, "too_late_to_cancel")


def test_what_waits_for_staff_is_cancelled(
    client: APIClient, ugx: Account, alice: User, settings: Any
):
    above = (("UGX", 4000),)
    settings.PAYMENTS = {**settings.PAYMENTS, "PAYMENTS_APPROVE_ABOVE": above}
    row = ask(ugx, "payout")
    request = decision_ask(payment_id=row.pk, action="send", why="They rang.", staff_id=alice.pk)
    stage = client.get(f"{PAYMENTS}/{row.pk}").json()["stage"]
    assert (stage["stage"], stage["may_cancel"]) == ("under_review", True)
    stage = client.post(f"{PAYMENTS}/{row.pk}/cancel").json()["stage"]
    assert (stage["stage"], stage["may_cancel"]) == ("cancelled", False)
    row.refresh_from_db()
    assert (row.staff_since, row.staff_reason, row.next_check_at) == (None, "", None)
    assert (txn_of(row).status, money(ugx)) == ("cancelled", (50_000, 50_000))
    request.refresh_from_db()
    assert (request.state, request.decided_by) == ("declined", None)
    with pytest.raises(NothingToDecide):
        decision_ask(payment_id=row.pk, action="send", why="Late.", staff_id=alice.pk)
    problem(client.post(f"{PAYMENTS}/{row.pk}/cancel"), 409, "too_late_to_cancel")


def test_what_is_being_sent_is_not_cancelled(client: APIClient, ugx: Account):
    row = ask(ugx, "payout")
    [claimed] = claim("mtn", 10)
    assert claimed.is_first
    problem(client.post(f"{PAYMENTS}/{row.pk}/cancel"), 409, "too_late_to_cancel")
    assert states(row) == ["created"]
    assert money(ugx) == (45_000, 50_000)


def test_another_try_is_the_same_payment_under_another_id(client: APIClient, ugx: Account):
    row = failed(ask(ugx, "payout", description="School", reference="INV-7"))
    answer = client.post(f"{PAYMENTS}/{row.pk}/retry", headers={"Idempotency-Key": "again"})
    assert answer.status_code == 201, answer.content
    second = ProviderPayment.objects.exclude(pk=row.pk).get()
    alike = ("provider", "kind", "minor", "currency", "msisdn", "reference", "text", "network")
    assert [getattr(second, name) for name in alike] == [getattr(row, name) for name in alike]
    assert (second.txn.description, second.txn.reference) == ("School", "INV-7")
    assert answer.json()["id"] == str(second.pk)
    assert money(ugx) == (45_000, 50_000)
    again = client.post(f"{PAYMENTS}/{row.pk}/retry", headers={"Idempotency-Key": "again"})
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert ProviderPayment.objects.count() == 2


def test_a_payment_has_one_other_try(client: APIClient, ugx: Account):
    """Two tabs, or a second tap, without a key or with another one."""
    row = failed(ask(ugx, "payout"))
    first = client.post(f"{PAYMENTS}/{row.pk}/retry")
    assert first.status_code == 201
    for headers in ({}, {"Idempotency-Key": "another"}):
        again = client.post(f"{PAYMENTS}/{row.pk}/retry", headers=headers)
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert (ProviderPayment.objects.count(), money(ugx)) == (2, (45_000, 50_000))
    third = failed(ProviderPayment.objects.exclude(pk=row.pk).get())
    assert client.post(f"{PAYMENTS}/{third.pk}/retry").status_code == 201


def test_a_key_of_another_payment_is_none_for_a_try(client: APIClient, ugx: Account):
    ask(ugx, amount="7", idempotency_key="k")
    row = failed(ask(ugx, "payout"))
    answer = client.post(f"{PAYMENTS}/{row.pk}/retry", headers={"Idempotency-Key": "k"})
    problem(answer, 422, "idempotency_conflict")
    assert ProviderPayment.objects.count() == 2


def test_another_try_goes_to_known_phones_only(client: APIClient, ugx: Account, settings: Any):
    row = failed(ask(ugx, "payout"))
    settings.PAYMENTS = {**settings.PAYMENTS, "PAYMENTS_PAYOUTS_TO": "known"}
    problem(client.post(f"{PAYMENTS}/{row.pk}/retry"), 409, "phone_not_confirmed")
    assert ProviderPayment.objects.count() == 1


def test_what_may_have_been_paid_is_not_tried_again(client: APIClient, ugx: Account):
    living = taken(ask(ugx))
    unsafe = failed(ask(ugx), retry_safe=False)
    late = failed(ask(ugx))
    tell_paid(late, provider_txn_id="R-late")
    done = taken(ask(ugx))
    tell_paid(done, provider_txn_id="R-done")
    for row in (living, unsafe, late, done):
        problem(client.post(f"{PAYMENTS}/{row.pk}/retry"), 409, "not_safe_to_retry")
    assert ProviderPayment.objects.count() == 4


def test_payments_of_others_do_not_exist(ugx: Account, alice: User):
    row, stranger = ask(ugx), api_as(alice)
    for path in (f"{PAYMENTS}/{row.pk}", f"{PAYMENTS}/{uuid.uuid4()}"):
        problem(stranger.post(f"{path}/cancel"), 404, "payment_not_found")
        problem(stranger.post(f"{path}/retry"), 404, "payment_not_found")
    assert states(row) == ["created"]


def test_the_ways_to_pay_are_those_set_up(client: APIClient, settings):
    settings.PAYMENTS = {**settings.PAYMENTS, "PAYMENTS_PROVIDERS": ("daraja", "mtn")}
    found = client.get(f"{PAYMENTS}/methods").json()
    assert [each["provider"] for each in found["providers"]] == ["daraja", "mtn"]
    daraja, mtn = found["providers"]
    assert daraja["kinds"] == {"collect": ["KES"], "payout": ["KES"]}
    assert (mtn["wallet"], mtn["decimals"]["UGX"], mtn["needs_network"]) == ("mtn_momo", 0, False)


@pytest.mark.parametrize(
    ("asked", "language", "expired"),
    [
        ("", "en", "Expired"),
        ("?language=sw-KE", "sw", "Muda umeisha"),
        ("?language=fr", "fr", "Expiré"),
        ("?language=lg", "lg", "Ekiseera kiweddeko"),
        ("?language=xx", "en", "Expired"),
    ],
)
def test_the_words_are_in_a_language(client: APIClient, asked: str, language: str, expired: str):
    found = client.get(f"{PAYMENTS}/methods{asked}").json()
    assert (found["language"], found["stages"]["expired"]) == (language, expired)
    assert found["reasons"]["no_answer"] == found["reasons"]["timeout"]


def test_the_words_are_in_the_language_that_the_user_has_chosen(client: APIClient):
    assert (
        client.patch("/api/v1/preferences", {"locale": "lg"}, headers={"If-Match": "*"}).status_code
        == 200
    )
    assert client.get(f"{PAYMENTS}/methods").json()["language"] == "lg"
