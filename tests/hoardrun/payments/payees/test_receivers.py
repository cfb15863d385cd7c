"""A payout over HTTP goes to whom the customer means: the name is asked for before it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from hoardrun.ledger.models import Account
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.payees.models import Payee
from realtime import clock
from tests.clients import api_as
from tests.hoardrun.payments.payees.conftest import Mtn
from tests.hoardrun.tools import problem

PAYMENTS = "/api/v1/payments"
PHONE = "+256772123456"


@pytest.fixture
def client(bob: User, ugx: Account, mtn: Mtn) -> APIClient:
    return api_as(bob)


def pay(client: APIClient, account: Account, **more: Any) -> Any:
    body = {"account_id": str(account.pk), "provider": "mtn", "kind": "payout"}
    return client.post(PAYMENTS, {**body, "amount": "5000", "msisdn": PHONE, **more})


def confirm(client: APIClient, account: Account, shown: str, **more: Any) -> Any:
    """Pay, and confirm a name."""
    return pay(client, account, name_confirmed=True, shown_name=shown, **more)


def test_the_same_name_is_paid(client: APIClient, ugx: Account, mtn: Mtn):
    assert pay(client, ugx, name="Nakato Amina").status_code == 201
    assert (mtn.checks(), ProviderPayment.objects.get().whose) == (1, "third_party")


@pytest.mark.parametrize(
    ("name", "verdict", "shown"),
    [("Amina Otieno", "similar", "Amina N. S."), ("Jane Doe", "other", "Amina N. S.")],
)
def test_another_name_asks_for_confirmation(
    client: APIClient, ugx: Account, mtn: Mtn, name: str, verdict: str, shown: str
):
    asked = problem(pay(client, ugx, name=name), 409, "name_not_confirmed")
    assert (asked["verdict"], asked["shown_name"]) == (verdict, shown)
    assert not ProviderPayment.objects.exists()
    assert confirm(client, ugx, shown, name=name).status_code == 201
    row = ProviderPayment.objects.get()
    assert (row.name_verdict, row.confirmed_name) == (verdict, "Amina N. S.")
    assert mtn.checks() == 2


@pytest.mark.parametrize("confirmed", ["", "Jane D.", "amina n. s.", "Amina N. S. ", "Amina N"])
def test_no_name_is_confirmed_unseen(client: APIClient, ugx: Account, mtn: Mtn, confirmed: str):
    """A program that always confirms still has to look at the name that the provider has."""
    asked = problem(confirm(client, ugx, confirmed, name="Jane Doe"), 409, "name_not_confirmed")
    assert (asked["verdict"], asked["shown_name"]) == ("other", "Amina N. S.")
    assert not ProviderPayment.objects.exists()


def test_a_confirmation_says_which_name(client: APIClient, ugx: Account, mtn: Mtn):
    answer = pay(client, ugx, name="Jane Doe", name_confirmed=True)
    problem(answer, 400, "invalid_input", "shown_name")
    problem(pay(client, ugx, name="Jane Doe", shown_name="Amina N. S."), 409, "name_not_confirmed")
    assert not ProviderPayment.objects.exists()


def test_an_old_confirmation_counts_for_its_name_only(client: APIClient, ugx: Account, mtn: Mtn):
    """The number has another owner meanwhile, or the confirmation is sent for another number."""
    assert confirm(client, ugx, "Amina N. S.", name="Jane Doe").status_code == 201
    mtn.names = {"256772123456": ("Brian", "Okello"), "256772123457": ("Cyn", "Atim")}
    for phone, shown in ((PHONE, "Brian O."), ("+256772123457", "Cyn A.")):
        answer = confirm(client, ugx, "Amina N. S.", name="Jane Doe", msisdn=phone)
        assert problem(answer, 409, "name_not_confirmed")["shown_name"] == shown
    mtn.names.clear()  # that nobody says it now confirms nobody
    answer = confirm(client, ugx, "Amina N. S.", name="Jane Doe")
    assert problem(answer, 409, "name_not_confirmed")["verdict"] == "unknown"
    assert ProviderPayment.objects.count() == 1


def test_a_name_that_nobody_tells_asks_for_confirmation(client: APIClient, ugx: Account, mtn: Mtn):
    mtn.names.clear()
    asked = problem(pay(client, ugx, name="Amina Nakato"), 409, "name_not_confirmed")
    assert (asked["verdict"], asked["shown_name"]) == ("unknown", "")
    assert confirm(client, ugx, "", name="Amina Nakato").status_code == 201
    row = ProviderPayment.objects.get()
    assert (row.name_verdict, row.confirmed_name) == ("unknown", "")


def test_without_a_name_only_known_phones_are_paid(
    client: APIClient, ugx: Account, bob: User, mtn: Mtn, settings: Any
):
    problem(pay(client, ugx), 409, "phone_not_confirmed")
    problem(confirm(client, ugx, ""), 409, "phone_not_confirmed")
    now = clock.now()
    about = {"provider": "mtn", "currency": "UGX", "msisdn": PHONE, "name": "Jane Doe"}
    payee = Payee.objects.create(user=bob, verdict="other", checked_at=now, **about)
    problem(pay(client, ugx), 409, "phone_not_confirmed")
    Payee.objects.filter(pk=payee.pk).update(confirmed_at=now, confirmed_name="Amina N. S.")
    assert pay(client, ugx, name="Whoever").status_code == 201
    row = ProviderPayment.objects.get()
    assert (mtn.asked, row.whose) == ([], "payee")
    assert (row.name_verdict, row.confirmed_name) == ("other", "Amina N. S.")
    settings.PAYMENTS = {**settings.PAYMENTS, "PAYMENTS_PAYOUTS_TO": "anybody"}
    payee.delete()
    assert pay(client, ugx).status_code == 201


@pytest.mark.parametrize("payouts_to", ["known", "anybody"])
@pytest.mark.parametrize(
    ("name", "shown", "kept"),
    [
        ("Jane Doe", "Amina N. S.", ("other", "Amina N. S.")),
        ("Amina Nakato Sserwadda", None, ("same", "Amina N. S.")),
        ("Nobody Knows", "", ("unknown", "")),
    ],
)
def test_another_try_goes_to_whom_the_first_was_for(
    client: APIClient,
    ugx: Account,
    mtn: Mtn,
    settings: Any,
    payouts_to: str,
    name: str,
    shown: str | None,
    kept: tuple[str, str],
):
    above = {"PAYMENTS_APPROVE_ABOVE": (("UGX", 4000),), "PAYMENTS_PAYOUTS_TO": payouts_to}
    settings.PAYMENTS = {**settings.PAYMENTS, **above}
    if shown == "":
        mtn.names.clear()
    more = {} if shown is None else {"name_confirmed": True, "shown_name": shown}
    first = pay(client, ugx, name=name, **more).json()["id"]
    asked = len(mtn.asked)
    # Twice: a try of a try has it, too.
    for _ in range(2):
        stage = client.post(f"{PAYMENTS}/{first}/cancel").json()["stage"]
        assert stage["retry_safe"]
        again = client.post(f"{PAYMENTS}/{first}/retry")
        assert again.status_code == 201, again.content
        first = again.json()["id"]
        row = ProviderPayment.objects.get(pk=first)
        assert (row.whose, row.staff_reason, row.msisdn) == ("third_party", "approval", PHONE)
        assert (row.name_verdict, row.confirmed_name) == kept
    assert len(mtn.asked) == asked


def test_another_try_to_a_payee_who_was_removed(
    client: APIClient, ugx: Account, bob: User, mtn: Mtn
):
    now = clock.now()
    payee = Payee.objects.create(
        user=bob, provider="mtn", currency="UGX", msisdn=PHONE, name="Jane Doe", verdict="other",
        checked_at=now, confirmed_at=now, confirmed_name="Amina N. S.",
    )  # fmt: skip
    first = pay(client, ugx).json()["id"]
    client.post(f"{PAYMENTS}/{first}/cancel")
    payee.delete()
    second = client.post(f"{PAYMENTS}/{first}/retry").json()["id"]
    row = ProviderPayment.objects.get(pk=second)
    assert (row.whose, row.name_verdict, row.confirmed_name) == (
        "third_party",
        "other",
        "Amina N. S.",
    )
    problem(pay(client, ugx), 409, "phone_not_confirmed")  # a new payment is none of its tries


def test_a_key_asks_for_no_name_again(client: APIClient, ugx: Account, mtn: Mtn):
    headers = {"Idempotency-Key": "k"}
    body = {"account_id": str(ugx.pk), "provider": "mtn", "kind": "payout", "amount": "5000"}
    body |= {"msisdn": PHONE, "name": "Amina Nakato"}
    first = client.post(PAYMENTS, body, headers=headers)
    mtn.names.clear()
    again = client.post(PAYMENTS, body, headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
