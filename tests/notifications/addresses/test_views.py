"""Addresses and push subscriptions over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from notifications.models import Address
from tests.clients import api_as
from tests.hoardrun.tools import problem
from tests.notifications.addresses.test_push import ENDPOINT, KEYS

URL = "/api/v1/addresses"
PUSH = "/api/v1/push/subscriptions"
PHONE = "+256772123456"


@pytest.fixture(autouse=True)
def _without_email(alice, bob):
    """Let the accounts have no address of their own: `test_adoption` has those."""
    User.objects.update(email="")


def test_an_address_is_added_proven_listed_and_removed(alice, bob, outside):
    client = api_as(alice)
    added = client.post(URL, {"channel": "sms", "value": "+256 772 123456"})
    body = added.json()
    assert (added.status_code, body["value"], body["state"]) == (201, PHONE, "unverified")
    address = f"{URL}/{body['id']}"
    wrong = problem(client.post(f"{address}/verify", {"code": "abc"}), 400, "", "code")
    assert wrong["code"] == "invalid_input"
    proven = client.post(f"{address}/verify/", {"code": outside.code()}).json()
    assert proven["state"] == "verified"
    assert proven["verified_at"].endswith("Z")
    assert [each["id"] for each in client.get(URL).json()] == [body["id"]]
    assert api_as(bob).get(URL).json() == []
    assert client.delete(address).status_code == 204
    problem(client.delete(address), 404, "address_not_found")
    assert client.get(URL).json() == []


def test_refusals_say_what_to_do(alice, outside):
    client = api_as(alice)
    for wrong, field in (
        ({"channel": "push", "value": "x"}, "channel"),
        ({"channel": "sms", "value": "0772123456"}, "value"),
        ({"channel": "email", "value": "nobody"}, "value"),
        ({"channel": "email"}, "value"),
        ({"channel": "email", "value": "a@example.org", "name": "A"}, "name"),
    ):
        problem(client.post(URL, wrong), 400, "invalid_input", field)
    added = client.post(URL, {"channel": "email", "value": "a@example.org"}).json()
    address = f"{URL}/{added['id']}"
    answer = client.post(f"{address}/code")
    limited = problem(answer, 429, "too_many_codes")
    assert 0 < limited["retry_after"] == int(answer["Retry-After"]) <= 60
    wrong_code = "000000" if outside.code() != "000000" else "000001"
    refused = problem(client.post(f"{address}/verify", {"code": wrong_code}), 409, "wrong_code")
    assert refused["tries_left"] == 4
    outside.mail.refused["b@example.org"] = "550 no such user"
    problem(client.post(URL, {"channel": "email", "value": "b@example.org"}), 503, "code_not_sent")


def test_a_browser_subscribes_at_each_start_and_leaves_at_logout(alice, outside):
    client = api_as(alice)
    key = client.get("/api/v1/push/key").json()
    asked: dict[str, Any] = {"endpoint": ENDPOINT, "keys": KEYS, "key_id": key["key_id"]}
    first, again = client.post(PUSH, asked), client.post(PUSH, asked)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert ENDPOINT not in first.content.decode() + client.get(URL).content.decode()
    for _ in range(2):
        assert client.delete(f"{PUSH}/{first.json()['id']}").status_code == 204
    assert client.get(URL).json() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endpoint": "https://192.168.0.1/push"}, "endpoint"),
        ({"endpoint": ""}, "endpoint"),
        ({"keys": {"p256dh": KEYS["auth"], "auth": KEYS["auth"]}}, "keys.p256dh"),
        ({"keys": {"p256dh": KEYS["p256dh"]}}, "keys.auth"),
        ({"keys": "none"}, "keys.non_field_errors"),
        ({"key_id": "another"}, "key_id"),
        ({"service": "windows"}, "service"),
        ({"locale": "klingon"}, "locale"),
        ({"device": "d" * 65}, "device"),
    ],
)
def test_a_subscription_that_is_none_is_refused(alice, outside, settings, change: Any, field: str):
    settings.DEBUG = False
    asked = {"endpoint": ENDPOINT, "keys": KEYS, **change}
    problem(api_as(alice).post(PUSH, asked), 400, "invalid_input", field)
    assert not Address.objects.exists()


def test_without_web_push_there_is_no_key(alice, settings):
    settings.CHANNELS = {}
    problem(api_as(alice).get("/api/v1/push/key"), 404, "push_off")


def test_a_browser_renews_and_leaves_without_a_login(alice, outside):
    client, stranger = api_as(alice), APIClient()
    asked: dict[str, Any] = {"endpoint": ENDPOINT, "keys": KEYS}
    made = client.post(PUSH, asked).json()
    assert made["user"] == str(alice.pk)
    assert "renewal" not in client.get(URL).json()[0]  # only who registers it has its token
    changed = {**asked, "endpoint": f"{ENDPOINT}-2", "token": made["renewal"]}
    renewed = stranger.post("/api/v1/push/renew", changed)
    assert (renewed.status_code, renewed.json()["user"]) == (200, str(alice.pk))
    refused = stranger.post("/api/v1/push/renew", {**changed, "endpoint": f"{ENDPOINT}-3"})
    problem(refused, 400, "invalid_input", "token")
    problem(stranger.post("/api/v1/push/leave", {"token": "x"}), 400, "invalid_input", "token")
    for _ in range(2):
        left = stranger.post("/api/v1/push/leave", {"token": renewed.json()["renewal"]})
        assert left.status_code == 204
    assert client.get(URL).json() == []
