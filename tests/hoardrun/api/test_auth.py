"""Logging in, staying so, and out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from tests.hoardrun.ledger.conftest import at_once
from tests.hoardrun.tools import problem

AUTH = "/api/v1/auth"
ALICE = {"username": "alice", "password": "alice-pass"}


def post(path: str, body: dict[str, Any], **headers: Any) -> Any:
    return APIClient().post(f"{AUTH}/{path}", body, format="json", **headers)


def refresh_of(user: User) -> str:
    return str(RefreshToken.for_user(user))


def test_it_gives_tokens_that_say_who_and_how_long(alice: User):
    answer = post("token", ALICE)
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert body["user"] == {
        "id": str(alice.pk),
        "username": "alice",
        "name": "",
        "email": "",
        "is_staff": False,
    }
    assert answer["Cache-Control"] == "no-store"
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {body['access']}")
    assert client.get(f"{AUTH}/me").json() == body["user"]
    alice.refresh_from_db()
    assert alice.last_login is not None


@pytest.mark.parametrize(
    ("username", "password"),
    [("alice", "wrong"), ("nobody", "alice-pass"), ("bob", "bob-pass"), ("alice", " alice-pass ")],
)
def test_it_refuses_all_wrong_logins_alike(alice: User, bob: User, username, password):
    bob.is_active = False
    bob.save()
    answer = post("token", {"username": username, "password": password})
    body = problem(answer, 401, "wrong_credentials")
    assert body["detail"] == "The name or the password is wrong."
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("wrong", [{"username": "a\x00"}, {"password": ""}, {"password": None}])
def test_it_refuses_what_can_be_no_login(alice: User, wrong: dict):
    problem(post("token", ALICE | wrong), 400, "invalid_input", *wrong)


def test_it_slows_guessing_down_for_one_name_at_one_address(alice: User, bob: User):
    for _ in range(20):
        assert post("token", ALICE | {"password": "wrong"}).status_code == 401
    answer = post("token", ALICE)
    problem(answer, 429, "throttled")
    assert 0 < int(answer["Retry-After"]) <= 60
    # Neither blanks, nor case, nor a header that anybody can write begins a new count.
    assert post("token", ALICE | {"username": " Alice "}).status_code == 429
    assert post("token", ALICE, HTTP_X_FORWARDED_FOR="1.2.3.4").status_code == 429
    assert post("token", {"username": "bob", "password": "bob-pass"}).status_code == 200
    assert post("token", ALICE, REMOTE_ADDR="192.0.2.1").status_code == 200


def test_it_rotates_refresh_tokens(alice: User):
    first = refresh_of(alice)
    body = post("refresh", {"refresh": first}).json()
    assert body["refresh"] != first
    assert body["user"]["username"] == "alice"
    problem(post("refresh", {"refresh": first}), 401, "token_not_valid")
    assert post("refresh", {"refresh": body["refresh"]}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_it_refreshes_once_for_requests_at_the_same_time(alice: User):
    refresh = refresh_of(alice)
    answers = at_once(4, lambda _: post("refresh", {"refresh": refresh}))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


def test_it_refreshes_nothing_else(alice: User, bob: User, charlie: User):
    expired = RefreshToken.for_user(alice)
    expired.set_exp(lifetime=timedelta(days=-1))
    inactive, deleted = refresh_of(bob), refresh_of(charlie)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    charlie.delete()
    access = str(AccessToken.for_user(alice))
    for token in (str(expired), inactive, deleted, access, "nonsense", "a.b.c"):
        answer = post("refresh", {"refresh": token})
        problem(answer, 401, "token_not_valid")
        assert answer["WWW-Authenticate"].startswith("Bearer")
    problem(post("refresh", {"refresh": "x" * 9000}), 400, "invalid_input", "refresh")


def test_it_logs_out_however_often(alice: User):
    refresh = refresh_of(alice)
    for _ in range(2):
        answer = post("logout", {"refresh": refresh}, HTTP_AUTHORIZATION="Bearer expired")
        assert (answer.status_code, answer.content) == (204, b"")
    problem(post("refresh", {"refresh": refresh}), 401, "token_not_valid")
    expired = RefreshToken.for_user(alice)
    expired.set_exp(lifetime=timedelta(days=-1))
    assert post("logout", {"refresh": str(expired)}).status_code == 204


def test_it_logs_out_nobody_by_what_is_no_refresh_token(alice: User):
    for token in ("nonsense", str(AccessToken.for_user(alice)), refresh_of(alice)[:-4] + "AAAA"):
        problem(post("logout", {"refresh": token}), 401, "token_not_valid")


def test_a_server_without_a_signing_key_says_so(alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(api_settings, "SIGNING_KEY", "")
    problem(post("token", ALICE), 503, "tokens_issued_elsewhere")
