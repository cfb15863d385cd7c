"""Keys rotate without ending logins: the new key signs, earlier ones still verify."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.contrib.auth.models import User
from django.test import Client
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.settings import api_settings

from hoardrun.api.tokens import login_create, login_end, login_refresh
from realtime.access import keys, tokens
from realtime.layer import groups
from realtime.layer.receive import LayerReceiver
from realtime.models import EndedSession

pytestmark = pytest.mark.django_db

OLD, NEW, OTHER = "old " * 16, "new " * 16, "other " * 12
Pair = tuple[str, str]  # the keys that sign and verify


def pair(private: Any) -> Pair:
    pem = serialization.Encoding.PEM
    secret = private.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return secret.decode(), public.decode()


KINDS: dict[str, Callable[[], list[Pair]]] = {
    "HS256": lambda: [(key, key) for key in (OLD, NEW, OTHER)],
    "HS512": lambda: [(key, key) for key in (OLD, NEW, OTHER)],
    "RS256": lambda: [pair(rsa.generate_private_key(65537, 2048)) for _ in range(3)],
    "ES256": lambda: [pair(ec.generate_private_key(ec.SECP256R1())) for _ in range(3)],
    "EdDSA": lambda: [pair(ed25519.Ed25519PrivateKey.generate()) for _ in range(3)],
}


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have this process sign with a key, and verify with it and those of before."""

    def apply(algorithm: str, current: Pair, *before: Pair) -> None:
        signing, verifying = current
        monkeypatch.setattr(api_settings, "ALGORITHM", algorithm)
        monkeypatch.setattr(api_settings, "SIGNING_KEY", signing)
        monkeypatch.setattr(api_settings, "VERIFYING_KEY", verifying)
        backend = keys.Backend([public for _, public in before])
        for kind in (keys.AccessToken, keys.RefreshToken):
            monkeypatch.setattr(kind, "token_backend", backend)

    return apply


@pytest.mark.parametrize("algorithm", KINDS)
def test_logins_outlive_the_key(alice: User, use: Callable[..., None], algorithm: str) -> None:
    old, new, other = KINDS[algorithm]()
    use(algorithm, old)
    before = login_create(user=alice)
    use(algorithm, new, other, old)
    assert tokens.verify(before.access) is not None
    me = Client().get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {before.access}")
    assert me.status_code == 200
    after = login_refresh(refresh=before.refresh)
    for token in (after.access, after.refresh):
        jwt.decode(token, new[1], [algorithm], audience="hoardrun")  # the new key has signed it
    # A node that still signs with the old key takes what the new one signs.
    use(algorithm, old, new)
    assert tokens.verify(after.access) is not None
    # Rotated out, the old key counts no more, and the login goes on.
    use(algorithm, new)
    assert tokens.verify(before.access) is None
    assert login_refresh(refresh=after.refresh).user == alice
    # A key that is none of ours never did.
    use(algorithm, other)
    stranger = login_create(user=alice)
    use(algorithm, new, old)
    assert tokens.verify(stranger.access) is None


def test_a_lost_refresh_answer_is_given_again_with_the_new_key(
    alice: User, use: Callable[..., None]
) -> None:
    old, new, _ = KINDS["HS256"]()
    use("HS256", old)
    first = login_create(user=alice).refresh
    lost = login_refresh(refresh=first).refresh
    use("HS256", new, old)
    again = login_refresh(refresh=first).refresh
    assert again != lost  # another signature
    assert again.split(".")[1] == lost.split(".")[1]  # the same token
    for text in (lost, again):
        assert login_refresh(refresh=text).user == alice


def test_an_expired_token_of_the_old_key_is_expired(alice: User, use: Callable[..., None]) -> None:
    old, new, other = KINDS["HS256"]()
    use("HS256", old)
    token: Any = keys.RefreshToken(login_create(user=alice).refresh)  # type: ignore[arg-type]
    token.set_exp(lifetime=timedelta(days=-1))
    text = str(token)
    use("HS256", new, other, old)
    with pytest.raises(tokens.ExpiredToken):
        tokens.read(keys.RefreshToken, text)
    login_end(refresh=text)  # no error, as for one of the new key
    assert not EndedSession.objects.exists()


def test_sessions_of_the_admin_outlive_the_secret_key(alice: User, settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.refresh_from_db()
    browser = Client()
    browser.force_login(alice)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    assert browser.get("/admin/").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []  # the session was signed anew
    assert browser.get("/admin/").status_code == 200
    settings.SECRET_KEY = OTHER
    assert browser.get("/admin/").status_code == 302


def test_nodes_receive_each_other_while_keys_rotate(settings: Any) -> None:
    heard: list[dict[str, Any]] = []
    link = LayerReceiver("node", heard.append, lambda: None)

    def name(key: str, *before: str) -> tuple[str, frozenset[str]]:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = key, list(before)
        groups.deployment.cache_clear()
        groups.deployments.cache_clear()
        return groups.deployment(), groups.deployments()

    kept = settings.SECRET_KEY
    try:
        old, heard_by_old = name(OLD, NEW)
        other, _ = name(OTHER)
        new, heard_by_new = name(NEW, OLD)
        for sender in (old, new, other):
            link._take({"type": "events", "from": sender, "events": []})
    finally:
        name(kept)
    assert heard_by_old == heard_by_new == {old, new}
    assert [message["from"] for message in heard] == [old, new]
    assert link.foreign == 1


HOUR, LEEWAY = 3600, 10
HEADER = {"alg": "HS256", "typ": "JWT"}


def signed(claims: object, header: object = HEADER, *, pad: str = "", key: str = NEW) -> str:
    """Sign anything with a secret, in a form that may not be ours."""

    def part(value: object) -> str:
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") + pad

    head = f"{part(header)}.{part(claims)}"
    proof = hmac.digest(key.encode(), head.encode(), "sha256")
    return f"{head}.{base64.urlsafe_b64encode(proof).decode().rstrip('=')}"


def claims(**others: Any) -> dict[str, Any]:
    end = int(time.time()) + HOUR
    return {"token_type": "access", "jti": "a", "exp": end, "aud": "us", "iss": "we"} | others


ODD = {
    "plain": lambda: signed(claims()),
    "issued now": lambda: signed(claims(iat=int(time.time()))),
    "subject": lambda: signed(claims(sub="7", nbf=1)),
    "duplicate": lambda: signed(json.dumps(claims())[:-1] + ',"jti":"b"}'),
    "expired": lambda: signed(claims(exp=int(time.time()) - LEEWAY - 2)),
    "expired within the leeway": lambda: signed(claims(exp=int(time.time()) - LEEWAY + 5)),
    "endless": lambda: signed({"token_type": "access", "jti": "a"}),
    "end is no whole number": lambda: signed(claims(exp=time.time() + HOUR)),
    "end is text": lambda: signed(claims(exp=str(int(time.time()) + HOUR))),
    "end is true": lambda: signed(claims(exp=True)),
    "issued later": lambda: signed(claims(iat=int(time.time()) + HOUR)),
    "issued text": lambda: signed(claims(iat="x")),
    "not yet valid": lambda: signed(claims(nbf=int(time.time()) + HOUR)),
    "begin is nothing": lambda: signed(claims(nbf=None)),
    "subject is a number": lambda: signed(claims(sub=7)),
    "id is a number": lambda: signed(claims(jti=7)),
    "other audience": lambda: signed(claims(aud="others")),
    "several audiences": lambda: signed(claims(aud=["others", "us"])),
    "no audience": lambda: signed(claims(aud=None)),
    "other issuer": lambda: signed(claims(iss="others")),
    "several issuers": lambda: signed(claims(iss=["we"])),
    "no object": lambda: signed([1]),
    "no JSON": lambda: signed("{"),
    "deep": lambda: signed("[" * 5000),
    "other order": lambda: signed(claims(), {"typ": "JWT", "alg": "HS256"}),
    "other algorithm": lambda: signed(claims(), {"alg": "HS512", "typ": "JWT"}),
    "no algorithm": lambda: signed(claims(), {"alg": "none", "typ": "JWT"}),
    "critical": lambda: signed(claims(), HEADER | {"crit": ["b64"], "b64": False}),
    "padded": lambda: signed(claims(jti="aa"), pad="="),
    "other secret": lambda: signed(claims(), key=OTHER),
    "no proof": lambda: signed(claims()).rpartition(".")[0] + ".",
    "proof and more": lambda: signed(claims()) + "A",
    "padded proof": lambda: signed(claims()) + "=",
    "a line's end": lambda: signed(claims()) + "\n",
    "half a character": lambda: signed(claims()) + "\ud800",
    "bytes": lambda: signed(claims()).encode(),
}


@pytest.mark.parametrize("who", [(None, None), ("us", "we"), (["us", "them"], "we"), ("", "")])
@pytest.mark.parametrize("odd", ODD)
def test_a_token_is_judged_as_pyjwt_judges_it(
    use: Callable[..., None], monkeypatch: pytest.MonkeyPatch, odd: str, who: tuple[Any, str]
) -> None:
    audience, issuer = who
    monkeypatch.setattr(api_settings, "LEEWAY", LEEWAY)
    monkeypatch.setattr(api_settings, "AUDIENCE", audience)
    monkeypatch.setattr(api_settings, "ISSUER", issuer)
    use("HS256", (NEW, NEW))
    token = ODD[odd]()

    def verdict(backend: Any) -> object:
        try:
            return backend.decode(token)
        except Exception as error:
            return type(error), str(error)

    pyjwt = TokenBackend("HS256", NEW, NEW, audience, issuer, leeway=LEEWAY)
    assert verdict(keys.AccessToken.token_backend) == verdict(pyjwt)
