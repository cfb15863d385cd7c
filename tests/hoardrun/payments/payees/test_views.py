"""Payees over HTTP: everybody has their own."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.clients import api_as
from tests.hoardrun.payments.payees.conftest import Mtn
from tests.hoardrun.tools import problem

URL = "/api/v1/payees"
BODY = {"provider": "mtn", "currency": "UGX", "msisdn": "+256772123456", "name": "Jane Doe"}


def test_a_payee_is_saved_confirmed_listed_and_removed(alice: User, bob: User, mtn: Mtn):
    client, stranger = api_as(alice), api_as(bob)
    answer = client.post(URL, BODY)
    body = answer.json()
    assert (answer.status_code, body["verdict"], body["shown_name"]) == (
        201,
        "other",
        "Amina N. S.",
    )
    again = client.post(URL, BODY)
    assert (again.status_code, again.json()["id"], again.json()["shown_name"]) == (
        200,
        body["id"],
        "Amina N. S.",
    )
    one = f"{URL}/{body['id']}"
    seen = {"shown_name": body["shown_name"]}
    problem(stranger.post(f"{one}/confirm", seen), 404, "payee_not_found")
    problem(stranger.delete(one), 404, "payee_not_found")
    problem(client.post(f"{one}/confirm"), 400, "invalid_input", "shown_name")
    unseen = client.post(f"{one}/confirm", {"shown_name": "Jane D."})
    asked = problem(unseen, 409, "name_not_confirmed")
    assert (asked["verdict"], asked["shown_name"]) == ("other", "Amina N. S.")
    confirmed = client.post(f"{one}/confirm", seen).json()
    assert confirmed["confirmed_at"].endswith("Z")
    assert client.post(f"{one}/confirm", seen).json() == confirmed
    assert client.get(URL).json() == [confirmed]
    assert stranger.get(URL).json() == []
    assert client.delete(one).status_code == 204
    problem(client.delete(one), 404, "payee_not_found")
    assert client.get(URL).json() == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"currency": "XXX"}, "currency"),
        ({"msisdn": 772123456}, "msisdn"),
        ({"name": ""}, "name"),
        ({"surplus": "x"}, "surplus"),
    ],
)
def test_wrong_fields_are_named(alice: User, mtn: Mtn, wrong: dict[str, Any], field: str):
    problem(api_as(alice).post(URL, {**BODY, **wrong}), 400, "invalid_input", field)
    assert mtn.asked == []


def test_a_login_is_needed(client: Any, db: None):
    assert client.get(URL).status_code == 401
