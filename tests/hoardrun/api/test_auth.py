"""Logging in, staying so, and out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from hoardrun.api import tokens
from realtime import clock
from realtime.access import changes as access
from realtime.access import keys
from realtime.models import EndedSession, Event, IssuedToken
from tests.hoardrun.tools import at_once, problem
from tests.services.locks import threads, wait_for_a_waiter
from tests.services.server import Server

AUTH = "/api/v1/auth"
ALICE = {"username": "alice", "password": "alice-pass"}


def post(path: str, body: dict[str, Any], **headers: Any) -> Any:
    return APIClient().post(f"{AUTH}/{path}", body, **headers)


def me(access: str) -> Any:
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {access}").get(f"{AUTH}/me")


def refresh_of(user: User) -> str:
    return tokens.login_create(user=user).refresh


def refreshed(refresh: str) -> dict[str, Any]:
    answer = post("refresh", {"refresh": refresh})
    assert answer.status_code == 200
    return dict(answer.json())


def are_refused(*refreshes: str, by: str = "refresh") -> None:
    """Check that these tokens are worth nothing, and that the answer says how to authenticate."""
    for refresh in refreshes:
        answer = post(by, {"refresh": refresh})
        problem(answer, 401, "token_not_valid")
        assert answer["WWW-Authenticate"].startswith("Bearer")


def expired(text: str) -> str:
    token = RefreshToken(text)  # type: ignore[arg-type]
    token.set_exp(lifetime=timedelta(days=-1))
    return str(token)


def used_long_ago(seconds: float = 31) -> None:
    """Have the tokens that were exchanged been so some time ago."""
    used = IssuedToken.objects.exclude(used_at=None)
    used.update(used_at=timezone.now() - timedelta(seconds=seconds))


def test_tokens_name_their_user_and_lifetime(alice: User):
    answer = post("token", ALICE)
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    named = {"id": str(alice.pk), "username": "alice", "email": "alice@example.org"}
    assert body["user"] == {**named, "name": "", "is_staff": False}
    assert answer["Cache-Control"] == "no-store"
    assert me(body["access"]).json() == body["user"]
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


def guess(count: int, **headers: str) -> None:
    for _ in range(count):
        assert post("token", ALICE | {"password": "wrong"}, **headers).status_code == 401


def test_it_slows_guessing_down_for_one_name_at_one_address(alice: User, bob: User):
    guess(20)
    answer = post("token", ALICE)
    problem(answer, 429, "throttled")
    assert 0 < int(answer["Retry-After"]) <= 60
    # Blanks, case and headers that a client can forge begin no new count.
    assert post("token", ALICE | {"username": " Alice "}).status_code == 429
    assert post("token", ALICE, HTTP_X_FORWARDED_FOR="1.2.3.4").status_code == 429
    assert post("token", {"username": "bob", "password": "bob-pass"}).status_code == 200
    assert post("token", ALICE, REMOTE_ADDR="192.0.2.1").status_code == 200


def test_guesses_at_many_names_wash_the_count_of_one_away_no_more(alice: User):
    guess(20)
    for number in range(400):
        body, address = {"username": f"user-{number}"}, f"203.0.113.{number // 20}"
        assert post("token", body, REMOTE_ADDR=address).status_code == 400
    problem(post("token", ALICE), 429, "throttled")


def test_an_address_in_ipv6_is_counted_as_its_network(alice: User):
    for number in range(20):
        guess(1, REMOTE_ADDR=f"2001:db8:0:1::{number:x}")
    assert post("token", ALICE, REMOTE_ADDR="2001:db8:0:1:f::1").status_code == 429
    assert post("token", ALICE, REMOTE_ADDR="2001:db8:0:2::1").status_code == 200


def test_the_admin_counts_guesses_with_the_api(charlie: User):
    page, right = "/admin/login/", {"username": "charlie", "password": "charlie-pass"}
    for _ in range(10):
        assert Client().post(page, right | {"password": "wrong"}).status_code == 200
        assert post("token", right | {"password": "wrong"}).status_code == 401
    # "ch" written wide, which the form takes for the same name
    for name in ("charlie", " Charlie", "\uff43\uff48arlie"):
        answer = Client().post(page, right | {"username": name})
        assert "Too many attempts" in answer.content.decode()
        assert answer.status_code == 200
    assert post("token", right).status_code == 429
    elsewhere = Client(REMOTE_ADDR="192.0.2.1")
    assert elsewhere.post(page, right).status_code == 302


@pytest.mark.servers
def test_logins_and_tickets_work_and_are_counted_without_redis():
    people = "from django.contrib.auth.models import User as U; U.objects.create_user(**ALICE)"
    env = {"REDIS_URL": "redis://127.0.0.1:1/0", "LOGIN_RATE": "3/min", "TICKET_RATE": "3/min"}
    with Server(env=env, prepare=f"ALICE = {ALICE!r}; {people}") as server:
        tries = [server.request("POST", f"{AUTH}/token", json=ALICE) for _ in range(4)]
        assert [answer.status for answer in tries] == [200, 200, 200, 429]
        token = tries[0].json()["access"]
        tickets = [server.request("POST", "/api/ws-ticket/", token=token) for _ in range(4)]
        assert [answer.status for answer in tickets] == [200, 200, 200, 429]
        assert "Traceback" not in server.log()


def test_it_rotates_refresh_tokens(alice: User):
    first = refresh_of(alice)
    body = refreshed(first)
    assert body["refresh"] != first
    assert body["user"]["username"] == "alice"
    again = refreshed(body["refresh"])
    assert again["refresh"] not in {first, body["refresh"]}


def test_a_lost_answer_is_given_again(alice: User):
    first = refresh_of(alice)
    lost = refreshed(first)
    again = refreshed(first)
    assert again["refresh"] == lost["refresh"]
    for body in (lost, again):
        assert me(body["access"]).status_code == 200
    third = refreshed(again["refresh"])
    # The second tab is late, and still finds its way along the same tokens.
    assert refreshed(first)["refresh"] == again["refresh"]
    assert refreshed(again["refresh"])["refresh"] == third["refresh"]
    assert IssuedToken.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_time_get_the_same_successor(alice: User):
    refresh = refresh_of(alice)
    answers = at_once(4, lambda _: post("refresh", {"refresh": refresh}))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.json()["refresh"] for answer in answers}) == 1


@pytest.mark.django_db(transaction=True)
def test_ending_all_logins_waits_for_a_renewal_and_never_locks_it_out(alice: User):
    refresh = refresh_of(alice)
    with threads() as call:
        with transaction.atomic():
            list(User.objects.select_for_update().filter(pk=alice.pk))  # as a renewal begins
            ending = call(access.end_all_sessions, alice.pk)
            wait_for_a_waiter("the end of all logins waits for the renewal")
            body = refreshed(refresh)
        assert ending.result() == 1
    are_refused(body["refresh"])


def test_a_token_that_is_used_after_the_grace_ends_its_login(
    alice: User, caplog: pytest.LogCaptureFixture
):
    first, other = refresh_of(alice), refresh_of(alice)
    body = refreshed(first)
    used_long_ago()
    # It may be the thief's or the owner's: the successor is no longer valid either.
    are_refused(first, body["refresh"])
    problem(me(body["access"]), 401, "token_not_valid")
    # The event that closes the sockets of the login on all nodes.
    [told] = [json.loads(event.payload)["data"] for event in Event.objects.all()]
    session = IssuedToken.objects.exclude(used_at=None).get().session
    assert (told["change"], told["session"]) == ("logout", session)
    [line] = [record.getMessage() for record in caplog.records if "used a refresh" in record.msg]
    assert f"user={alice.pk} " in line
    assert post("refresh", {"refresh": other}).status_code == 200


def test_the_grace_is_of_the_databases_time(alice: User, monkeypatch: pytest.MonkeyPatch):
    first = refresh_of(alice)
    second = refreshed(first)["refresh"]
    ahead = timezone.now() + timedelta(minutes=5)
    monkeypatch.setattr(timezone, "now", lambda: ahead)  # a node whose clock is wrong
    assert refreshed(first)["refresh"] == second


def test_a_second_use_ends_the_login_when_there_is_no_grace(alice: User, settings: Any):
    settings.REFRESH_GRACE_SECONDS = 0
    first = refresh_of(alice)
    body = refreshed(first)
    are_refused(first, body["refresh"])


def test_a_logout_and_a_new_password_end_the_grace(alice: User, bob: User):
    for user, end in ((alice, "logout"), (bob, "password")):
        first = refresh_of(user)
        second = refreshed(first)["refresh"]
        if end == "logout":
            assert post("logout", {"refresh": second}).status_code == 204
        else:
            user.set_password("another-pass-1")
            user.save()
        are_refused(first, second)


def test_no_text_of_a_token_is_stored(alice: User):
    texts = [refresh_of(alice)]
    texts += [post("refresh", {"refresh": texts[0]}).json()[kind] for kind in ("access", "refresh")]
    signatures = [text.rpartition(".")[2] for text in texts]
    for model in apps.get_models():
        for row in model._default_manager.values():
            assert not [each for each in signatures if each in str(row)], model


def test_it_refreshes_nothing_else(alice: User, bob: User, charlie: User):
    unknown = str(RefreshToken.for_user(alice))  # well signed, and never given out
    inactive, deleted = refresh_of(bob), refresh_of(charlie)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    charlie.delete()
    access = str(AccessToken.for_user(alice))
    past = expired(refresh_of(alice))
    are_refused(past, unknown, inactive, deleted, access, "nonsense", "a.b.c")
    problem(post("refresh", {"refresh": "x" * 9000}), 400, "invalid_input", "refresh")


def test_a_logout_can_be_repeated(alice: User):
    refresh = refresh_of(alice)
    for _ in range(2):
        answer = post("logout", {"refresh": refresh}, HTTP_AUTHORIZATION="Bearer expired")
        assert (answer.status_code, answer.content) == (204, b"")
    are_refused(refresh)
    assert post("logout", {"refresh": expired(refresh_of(alice))}).status_code == 204


def test_only_a_refresh_token_logs_out(alice: User):
    forged = refresh_of(alice)[:-4] + "AAAA"
    are_refused("nonsense", str(AccessToken.for_user(alice)), forged, by="logout")


def test_a_server_without_a_signing_key_says_so(alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(api_settings, "SIGNING_KEY", "")
    problem(post("token", ALICE), 503, "tokens_issued_elsewhere")


@pytest.mark.parametrize("end", ["logout", "everywhere", "reuse"])
def test_a_logout_outlasts_lifetimes_that_are_lowered(
    alice: User, monkeypatch: pytest.MonkeyPatch, end: str
):
    first = refresh_of(alice)
    second = refreshed(first)["refresh"]
    expires_at = IssuedToken.objects.get(used_at=None).expires_at
    monkeypatch.setattr(api_settings, "REFRESH_TOKEN_LIFETIME", timedelta(hours=1))
    monkeypatch.setattr(keys.RefreshToken, "lifetime", timedelta(hours=1))
    match end:
        case "logout":
            assert post("logout", {"refresh": second}).status_code == 204
        case "everywhere":
            assert access.end_all_sessions(alice.pk) == 1
        case "reuse":
            used_long_ago()
            are_refused(first)
    assert EndedSession.objects.get().expires_at >= expires_at


def test_an_access_token_ends_with_its_refresh_token(alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(api_settings, "REFRESH_TOKEN_LIFETIME", timedelta(minutes=2))
    body = post("token", ALICE).json()
    expires_at = IssuedToken.objects.get().expires_at.timestamp()
    assert AccessToken(body["access"])["exp"] <= expires_at
    assert body["expires_in"] <= 120


@pytest.mark.parametrize("days", [-8, 8])
def test_logins_are_of_the_databases_time(alice: User, monkeypatch: pytest.MonkeyPatch, days: int):
    before = clock.now().replace(microsecond=0)
    real = timezone.now
    with monkeypatch.context() as wrong:  # a node whose clock is wrong
        wrong.setattr(timezone, "now", lambda: real() + timedelta(days=days))
        wrong.setattr("rest_framework_simplejwt.tokens.aware_utcnow", timezone.now)
        login = tokens.login_create(user=alice)
        tokens.login_create(user=alice)
        ended = access.end_all_sessions(alice.pk)
    after = clock.now()
    claims = jwt.decode(login.access, options={"verify_signature": False})
    assert before.timestamp() <= claims["iat"] <= after.timestamp()
    assert before.timestamp() + 900 <= claims["exp"] <= after.timestamp() + 900
    assert ended == 2
    lasts = api_settings.REFRESH_TOKEN_LIFETIME
    for row in EndedSession.objects.all():
        assert before + lasts <= row.expires_at <= after + lasts


@pytest.mark.parametrize("jti", ["\ud800", "a\0", "é", "", " ", "x" * 65, None, 7])
def test_a_refresh_token_of_an_odd_number_is_refused(alice: User, jti: Any):
    login = tokens.login_create(user=alice)
    token: Any = RefreshToken(login.refresh)  # type: ignore[arg-type]
    token["jti"] = jti
    for path in ("refresh", "logout"):
        are_refused(str(token), by=path)
    assert not EndedSession.objects.exists()
