"""A user sees the devices with a login of theirs, and ends them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from hoardrun.api import tokens
from hoardrun.api.tokens import Login
from realtime import clock, registry
from realtime.access import logins
from realtime.access.keys import RefreshToken
from realtime.access.tokens import SESSION_CLAIM
from realtime.models import Connection, EndedSession, IssuedToken, Node
from tests.clients import api_as
from tests.hoardrun.tools import problem

DEVICES = "/api/v1/devices"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def asking(login: Login) -> APIClient:
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {login.access}")


def session_of(login: Login) -> str:
    return str(RefreshToken(login.refresh)[SESSION_CLAIM])  # type: ignore[arg-type]


def listed(login: Login) -> list[dict[str, Any]]:
    answer = asking(login).get(DEVICES)
    assert answer.status_code == 200, answer.content
    return list(answer.json())


def is_in(login: Login) -> bool:
    return bool(asking(login).get("/api/v1/auth/me").status_code == 200)


def connect(user: User, session: str, *, seconds_ago: float = -3600, **columns: Any) -> None:
    """List an open socket of a login.

    Its node lives until the test is over, or last reported some seconds ago.
    """
    now = clock.now()
    seen_at = now - timedelta(seconds=seconds_ago)
    columns_of_node = {"host": "h", "pid": 1, "started_at": now, "seen_at": seen_at}
    node, _ = Node.objects.get_or_create(pk=f"n{seconds_ago}", defaults=columns_of_node)
    number = Connection.objects.count()
    Connection.objects.create(
        pk=f"c{number}", node=node, user=user, session=session, opened_at=now, **columns
    )


def test_each_login_is_a_device_with_its_program(alice: User, bob: User):
    desk = tokens.login_create(user=alice, client=FIREFOX)
    phone = tokens.login_create(user=alice, client="okhttp/4.12.0")
    tokens.login_create(user=bob)
    now = clock.now()
    connect(alice, session_of(phone), device_class="phone", is_active=True)
    [first, second] = listed(desk)
    assert (first["name"], first["device_class"], first["is_current"]) == ("okhttp", "phone", False)
    assert (first["is_online"], first["is_active"]) == (True, True)
    assert clock.moment_of(first["seen_at"]) >= now
    assert (second["id"], second["name"]) == (session_of(desk), "Firefox, Linux")
    assert (second["is_current"], second["is_online"], second["device_class"]) == (True, False, "")
    assert second["began_at"] == second["seen_at"]


def test_a_renewal_keeps_the_device_and_says_that_it_was_seen(alice: User):
    login = tokens.login_create(user=alice, client=FIREFOX)
    long_ago = clock.now() - timedelta(days=3)
    IssuedToken.objects.update(issued_at=long_ago)
    renewed = tokens.login_refresh(refresh=login.refresh)
    [device] = listed(renewed)
    assert device["id"] == session_of(login) and device["name"] == "Firefox, Linux"
    assert clock.moment_of(device["began_at"]) == long_ago
    assert clock.moment_of(device["seen_at"]) > long_ago + timedelta(days=2)
    tokens.login_refresh(refresh=renewed.refresh, client="okhttp/4.12.0")  # it was updated
    assert [device["name"] for device in listed(renewed)] == ["okhttp"]


def test_the_program_is_the_one_that_asked_for_the_tokens(alice: User):
    asked = {"username": "alice", "password": "alice-pass"}
    client = APIClient(HTTP_USER_AGENT=FIREFOX)
    body = client.post("/api/v1/auth/token", asked).json()
    client.post("/api/v1/auth/refresh", {"refresh": body["refresh"]})
    assert set(IssuedToken.objects.values_list("client", flat=True)) == {FIREFOX}


def test_one_device_is_signed_out_alone(alice: User):
    desk, phone, lost = (tokens.login_create(user=alice) for _ in range(3))
    assert asking(desk).delete(f"{DEVICES}/{session_of(lost)}").status_code == 204
    assert [is_in(login) for login in (desk, phone, lost)] == [True, True, False]
    assert session_of(lost) not in {device["id"] for device in listed(desk)}
    assert asking(desk).delete(f"{DEVICES}/{session_of(lost)}").status_code == 204  # again


def test_the_device_of_somebody_else_is_not_found(alice: User, bob: User):
    mine, theirs = tokens.login_create(user=alice), tokens.login_create(user=bob)
    for name in (session_of(theirs), "nothing"):
        problem(asking(mine).delete(f"{DEVICES}/{name}"), 404)
    assert is_in(theirs)
    assert not EndedSession.objects.exists()


def test_the_others_are_signed_out_and_the_one_that_asks_stays(alice: User, bob: User):
    desk, phone, lost = (tokens.login_create(user=alice) for _ in range(3))
    other = tokens.login_create(user=bob)
    connect(alice, "of-another-issuer")
    answer = asking(desk).post(f"{DEVICES}/end-others")
    assert (answer.status_code, answer.json()) == (200, {"ended": 3})
    assert [is_in(login) for login in (desk, phone, lost, other)] == [True, False, False, True]
    assert EndedSession.objects.filter(pk="of-another-issuer", user=alice).exists()
    assert asking(desk).post(f"{DEVICES}/end-others").json() == {"ended": 0}
    assert tokens.login_refresh(refresh=desk.refresh).user == alice


def test_a_login_of_another_issuer_is_a_device_while_it_is_connected(alice: User):
    desk = tokens.login_create(user=alice)
    connect(alice, "elsewhere", client=FIREFOX)
    silent = registry.ALIVE_WITHIN.total_seconds() * 2
    connect(alice, "gone", seconds_ago=silent)
    found = {device["id"]: device for device in listed(desk)}
    assert found.keys() == {session_of(desk), "elsewhere"}
    assert found["elsewhere"]["began_at"] is None
    assert found["elsewhere"]["name"] == "Firefox, Linux"
    assert asking(desk).delete(f"{DEVICES}/elsewhere").status_code == 204
    assert [device["id"] for device in listed(desk)] == [session_of(desk)]


def test_of_many_logins_those_seen_last_are_listed(alice: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(logins, "MOST", 2)
    old = [tokens.login_create(user=alice) for _ in range(3)]
    IssuedToken.objects.update(issued_at=clock.now() - timedelta(days=1))
    connect(alice, session_of(old[0]))
    mine = [tokens.login_create(user=alice) for _ in range(2)]
    for _ in range(2):  # that has ended takes nobody's place
        left = tokens.login_create(user=alice)
        asking(mine[0]).delete(f"{DEVICES}/{session_of(left)}")
    shown = {device["id"] for device in listed(mine[0])}
    assert shown == {session_of(login) for login in [old[0], *mine]}
    assert asking(mine[0]).post(f"{DEVICES}/end-others").json() == {"ended": 4}


def test_an_expired_login_is_no_device(alice: User):
    desk, old = tokens.login_create(user=alice), tokens.login_create(user=alice)
    past = clock.now() - timedelta(seconds=5)
    IssuedToken.objects.filter(session=session_of(old)).update(expires_at=past)
    assert [device["id"] for device in listed(desk)] == [session_of(desk)]


def test_who_asks_without_a_login_of_their_own_ends_nothing(alice: User):
    phone = tokens.login_create(user=alice)
    browser = api_as(alice)
    problem(browser.post(f"{DEVICES}/end-others"), 409, "no_login")
    assert is_in(phone)
    assert [device["is_current"] for device in browser.get(DEVICES).json()] == [False]


@pytest.mark.parametrize(
    ("method", "path"), [("get", ""), ("delete", "/x"), ("post", "/end-others")]
)
def test_a_stranger_is_refused(db: None, method: str, path: str):
    problem(getattr(APIClient(), method)(DEVICES + path), 401)
