"""Well-signed tokens with invalid claims get the same answer as other bad tokens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from hoardrun.api.tokens import login_create
from realtime.access import changes, tokens
from realtime.models import EndedSession, Event, IssuedToken, Ticket
from tests.realtime.access.test_tokens import by_hand

pytestmark = pytest.mark.django_db

NOW = int(time.time())
DEEP = "[" * 4_000
SAME_REQUEST = {"X-Request-ID": "same"}  # a refusal names it
# Values that JSON can hold, as JSON.
ANY = (
    "null",
    "true",
    "false",
    "[]",
    "{}",
    '[["x"]]',
    '{"$ne": null}',
    "1e999",
    "-1e999",
    "NaN",
    "1" * 400,
    "0.5",
    "1e-300",
    "-1",
    '""',
    '"\\u0000"',
    '"\\ud800"',
    f'"{"x" * 3_000}"',
    '"null"',
)
ODD: dict[str, tuple[str, ...]] = {
    "user_id": (
        *ANY,
        *('"admin"', '"0"', '"-1"', '"+{id}"', '"0{id}"', '" {id}"', '"{id}.0"', '"{id}_0"'),
        *('"0x{id}"', '"{id}\\u0000"', "{id}.0", "{id}.5", "[{id}]", '["{id}"]', '"\\u0661"'),
        *(f'"{2**63}"', f"{2**63}", f'"{2**70}"', f"{10**30}", '"{id} OR 1=1"', '"{id}\\n"'),
    ),
    "exp": (
        *(value for value in ANY if value != "1" * 400),
        f'"{NOW + 600}"',
        f"{10**18}",
        "253402387200",
    ),
    "iat": ("[]", "{}", "1e999", "NaN", '"x"', f"{NOW + 86_400}", f"{10**18}"),
    "nbf": ("[]", "{}", "1e999", "NaN", '"x"', f"{NOW + 86_400}", f"{10**18}"),
    "jti": ("null", "true", "[]", "{}", "1", "1e999"),
    "sid": ("null", "true", "[]", "{}", "1", "1e999"),
    "hash_password": ANY,
    "token_type": (*ANY, '"Access"', '"sliding"', '["access"]', '["refresh"]'),
    "aud": ("null", "true", "{}", '""', '["x"]', "[1]", '[["hoardrun"]]'),
    "iss": ("null", "true", "{}", '""', '"hoard"', '["hoardrun"]', "[1]"),
    "sub": ("true", "[]", "{}", "1"),
}


def signed(payload: str, header: str = '{"alg": "HS256", "typ": "JWT"}') -> str:
    return by_hand(header.encode(), payload.encode())


def claims_of(text: str) -> dict[str, Any]:
    return dict(jwt.decode(text, options={"verify_signature": False}))


def odd(good: str, user_id: int) -> Iterator[tuple[str, str]]:
    """Return tokens that differ from a good one in a single claim, and what each one says."""
    claims = claims_of(good)
    for name, values in ODD.items():
        for value in values:
            written = {key: json.dumps(each) for key, each in claims.items() if key != name}
            written[name] = value.replace("{id}", str(user_id))
            payload = ", ".join(f'"{key}": {each}' for key, each in written.items())
            yield f"{name}: {written[name][:60]}", signed(f"{{{payload}}}")
    for text in ("null", "[]", '"x"', "1", DEEP, "{", '{"user_id": ' + DEEP):
        yield f"claims: {text[:20]}", signed(text)
    for text in (DEEP, f'{{"alg": "HS256", "x": {DEEP}', "null", "[]", '{"alg": ["HS256"]}'):
        yield f"header: {text[:20]}", signed(json.dumps(claims), text)


def test_all_odd_tokens_get_one_answer(alice: User) -> None:
    login = login_create(user=alice)
    client = Client(raise_request_exception=False, headers=SAME_REQUEST)
    events, issued = Event.objects.count(), IssuedToken.objects.count()

    def ask(method: str, path: str, **more: Any) -> tuple[int, bytes, str]:
        cache.clear()  # this address asks more often than it may
        answer = client.generic(method, path, content_type="application/json", **more)
        return answer.status_code, answer.content, answer.headers.get("WWW-Authenticate", "")

    one = ask("GET", "/api/v1/auth/me", HTTP_AUTHORIZATION="Bearer nonsense")
    assert json.loads(one[1])["code"] == "token_not_valid"
    for name, token in odd(login.access, alice.pk):
        identity = tokens.verify(token)
        # The mark of the password is text, which the database is asked about: the socket's login
        # asks it as the API does.
        assert identity is None or name.startswith("hash_password: "), name
        bearer: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
        for method, path in (
            ("GET", "/api/v1/auth/me"),
            ("POST", "/api/ws-ticket/"),
            ("GET", "/api/v1/snapshot"),
        ):
            assert ask(method, path, **bearer) == one, f"{path} {name}"
        # The admin takes no tokens: neither there, nor in place of a session.
        client.cookies["sessionid"] = token
        assert client.get("/admin/", **bearer).status_code == 302, name
        del client.cookies["sessionid"]
    for name, token in odd(login.refresh, alice.pk):
        data = json.dumps({"refresh": token})
        assert ask("POST", "/api/v1/auth/refresh", data=data) == one, f"refresh {name}"
        if name.startswith("hash_password: "):
            continue  # a login of before the password changed may still be ended
        answer = ask("POST", "/api/v1/auth/logout", data=data)
        over = name.startswith("exp: ") and answer[0] == 204  # ended already, which is no error
        assert over or answer == one, f"logout {name}"
    assert not EndedSession.objects.exists()
    assert (Event.objects.count(), IssuedToken.objects.count()) == (events, issued)
    assert not Ticket.objects.exists()


def test_a_revoked_login_has_the_answer_of_a_bad_token(alice: User) -> None:
    """Deleted, inactive, another password, logged out: over HTTP all are one bad token."""
    client = Client(headers=SAME_REQUEST)

    def me(token: str) -> tuple[int, bytes]:
        answer = client.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {token}")
        return answer.status_code, answer.content

    one = me("nonsense")
    for name in ("deleted", "inactive", "password", "logout"):
        user = User.objects.create_user(name)
        token = login_create(user=user).access
        assert me(token)[0] == 200
        match name:
            case "deleted":
                user.delete()
            case "inactive":
                User.objects.filter(pk=user.pk).update(is_active=False)
            case "password":
                user.set_password("another-pass-1")
                user.save()
            case "logout":
                changes.end_all_sessions(user.pk)
        assert me(token) == one, name
    for header in ("Bearer", "Bearer ", "Bearer a b", "bearer nonsense", "BEARER é"):
        answer = client.get("/api/v1/auth/me", HTTP_AUTHORIZATION=header)
        assert (answer.status_code, answer.content) == one, header


def test_the_scheme_of_a_token_may_be_in_any_case(alice: User) -> None:
    token = login_create(user=alice).access
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = Client().get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"{scheme} {token}")
        assert answer.status_code == 200


@pytest.mark.parametrize("user_id", ["{id}", '"{id}"'])
def test_another_issuer_may_write_an_id_as_a_number(alice: User, user_id: str) -> None:
    claims = claims_of(login_create(user=alice).access)
    del claims["user_id"], claims["sid"]
    rest = json.dumps(claims)[1:]
    token = signed('{"user_id": ' + user_id.replace("{id}", str(alice.pk)) + ", " + rest)
    identity = tokens.verify(token)
    assert identity is not None
    assert (identity.user_id, identity.session) == (alice.pk, claims["jti"])


@pytest.mark.parametrize("name", ["\\u0000", "\\ud800", "x" * 65, "\\u00e9", " "])
def test_an_odd_name_of_a_session_is_stored_as_a_digest(alice: User, name: str) -> None:
    claims = claims_of(login_create(user=alice).access)
    del claims["sid"]
    token = signed(f'{{"sid": "a{name}", {json.dumps(claims)[1:]}')
    answer = Client().get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert answer.status_code == 200
    identity = tokens.verify(token)
    assert identity is not None and len(identity.session) == 64
