"""Every kind of bad token is refused alike: with 4401, one reason, and no detail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from django.conf import settings
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken, SlidingToken, UntypedToken

from realtime.access.validity import stamp_of
from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, connect, node, token_for
from tests.services.client import Client
from tests.services.handshake import status_of
from tests.services.server import Server

pytestmark = pytest.mark.servers

_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_ED25519 = ed25519.Ed25519PrivateKey.generate()


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good token; `name=None` leaves one out."""
    found = jwt.decode(token_for(ALICE), options={"verify_signature": False})
    found.update(changes)
    return {name: value for name, value in found.items() if value is not None}


def signed(key: Any = None, algorithm: str | None = None, **changes: Any) -> str:
    headers = changes.pop("headers", None)
    return jwt.encode(
        claims(**changes), key or api_settings.SIGNING_KEY, algorithm or "HS256", headers=headers
    )


def by_hand(header: dict[str, Any] | bytes, payload: Any = None, signature: bytes = b"") -> str:
    parts = [
        header if isinstance(header, bytes) else json.dumps(header).encode(),
        payload if isinstance(payload, bytes) else json.dumps(payload or claims()).encode(),
    ]
    text = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    if not signature:
        key = api_settings.SIGNING_KEY.encode()
        signature = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def of_kind(kind: Any) -> str:
    token = kind()
    for name, value in claims(token_type=None, jti=None, exp=None).items():
        token[name] = value
    return str(token)


def public_pem() -> bytes:
    return _RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def swapped() -> str:
    """Put the payload of one good token under the signature of another."""
    header, _, signature = token_for(ALICE).split(".")
    return ".".join((header, token_for(3).split(".")[1], signature))


def flipped() -> str:
    text = token_for(ALICE)
    at = text.rindex(".") + 10
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


NOW = int(time.time())
# Claims of another value or form are in test_odd_tokens.
BAD: dict[str, Callable[[], str]] = {
    # no token at all
    "a word": lambda: "nonsense",
    "a dot": lambda: ".",
    "dots": lambda: "..",
    "four parts": lambda: token_for(ALICE) + ".x",
    "a blank": lambda: "%20",
    "a null byte": lambda: "a\x00b.c.d",
    "letters beyond ASCII": lambda: "éé.ßß.中文",
    "an API key": lambda: secrets.token_hex(32),
    "very long": lambda: "a" * 20_000,
    "a very long header": lambda: by_hand({"alg": "HS256", "pad": "x" * 9_000}),
    "no JSON": lambda: by_hand(b"{", b"{"),
    "a list for claims": lambda: by_hand({"alg": "HS256"}, [1, 2]),
    "no base64": lambda: "###.###.###",
    # signatures
    "no signature": lambda: token_for(ALICE).rpartition(".")[0] + ".",
    "no third part": lambda: token_for(ALICE).rpartition(".")[0],
    "half a signature": lambda: token_for(ALICE)[:-20],
    "a bit flipped": flipped,
    "another's payload": swapped,
    "another key": lambda: signed("another key that is at least thirty-two bytes"),
    "an empty key": lambda: by_hand({"alg": "HS256"}, signature=b"\x00" * 32),
    "Django's secret": lambda: signed(settings.SECRET_KEY),
    # algorithms
    "alg none": lambda: by_hand({"alg": "none", "typ": "JWT"}, signature=b"\x00"),
    "alg None": lambda: by_hand({"alg": "None"}),
    "no alg": lambda: by_hand({"typ": "JWT"}),
    "alg a number": lambda: by_hand({"alg": 256}),
    "HS512": lambda: signed(algorithm="HS512"),
    "HS384": lambda: signed(algorithm="HS384"),
    "RS256 of somebody's": lambda: signed(_RSA, "RS256"),
    "EdDSA of somebody's": lambda: signed(_ED25519, "EdDSA"),
    "a public key as the secret": lambda: by_hand(
        {"alg": "HS256"}, signature=hmac.new(public_pem(), b"x", hashlib.sha256).digest()
    ),
    "its own key in the header": lambda: signed(
        _RSA, "RS256", headers={"jwk": {"kty": "RSA", "n": "x", "e": "AQAB"}}
    ),
    "a key to fetch": lambda: signed(_RSA, "RS256", headers={"jku": "http://127.0.0.1:1/keys"}),
    "an unknown kid": lambda: signed("x" * 40, headers={"kid": "../../etc/passwd"}),
    "a kid that is SQL": lambda: signed("x" * 40, headers={"kid": "' OR 1=1 --"}),
    "an unknown crit": lambda: signed(headers={"crit": ["exp-must"], "exp-must": 1}),
    # times
    "expired": lambda: signed(exp=NOW - 60),
    "expired just beyond the leeway": lambda: signed(exp=NOW - 15),
    "no exp": lambda: signed(exp=None),
    "exp beyond all time": lambda: by_hand({"alg": "HS256"}, {**claims(), "exp": 10**400}),
    "exp in the year 10000": lambda: signed(exp=253_402_387_200),
    # for whom and by whom
    "another audience": lambda: signed(aud="somebody else"),
    "no audience": lambda: signed(aud=None),
    "another issuer": lambda: signed(iss="somebody else"),
    "no issuer": lambda: signed(iss=None),
    "a refresh token": lambda: of_kind(RefreshToken),
    "a sliding token": lambda: of_kind(SlidingToken),
    "an untyped token": lambda: of_kind(UntypedToken),
    "no type": lambda: signed(token_type=None),
    "no jti": lambda: signed(jti=None),
    # whom
    "no user": lambda: signed(user_id=None),
    "a user who is nobody": lambda: signed(user_id="4711"),
    # claims of another form
    "a mark that is a list": lambda: signed(hash_password=[stamp_of("")]),
    # the password
    "a password of before": lambda: signed(hash_password=stamp_of("what it was")),
    "no mark of the password": lambda: signed(hash_password=None),
    "an empty mark": lambda: signed(hash_password=""),
}


@pytest.fixture(scope="module")
def quiet() -> Iterator[Server]:
    plenty = "10000"
    with node(
        WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS=plenty,
        WS_MAX_LOGINS_PER_SECOND_PER_USER=plenty,
        LOG_LEVEL="DEBUG",
    ) as server:
        yield server


@pytest.mark.parametrize("way", ["query", "header", "subprotocol", "message"])
async def test_a_bad_token_closes_with_4401_and_one_reason(quiet: Server, way: str) -> None:
    reasons = set()
    for name, make in BAD.items():
        token = make()
        try:
            client = await offer(quiet, token, way)
        except (ValueError, UnicodeError):
            continue  # a type that cannot be written there cannot come from there
        async with client:
            assert await client.until_closed() == CloseCode.UNAUTHORIZED, name
            assert client.journal == [], name
            assert client.connection.close_reason == CloseCode.UNAUTHORIZED.reason, name
            reasons.add(client.connection.close_reason)
    assert len(reasons) == 1
    log = quiet.log()
    assert "Traceback" not in log
    assert "eyJ" not in log  # the beginning of every token


def test_a_bad_token_over_http_gets_one_answer_too(quiet: Server) -> None:
    answers = set()
    for name, make in BAD.items():
        token = make()
        if len(token) < 8_000 and token.isascii() and token.isprintable():
            answer = quiet.request("GET", "/api/v1/auth/me", token=token)
            assert answer.status == 401, name
            answers.add(answer.text.partition('"instance"')[0])  # which names the request
    assert len(answers) == 1
    assert "Traceback" not in quiet.log()


async def offer(server: Server, token: str, way: str) -> Client:
    match way:
        case "query":
            if len(token) > 8_000:
                raise ValueError("no request line holds it")
            return await Client.open(server.ws_url, token=token)
        case "header":
            if not token.isascii() or not token.isprintable() or len(token) > 8_000:
                raise ValueError("no header holds it")
            return await Client.open(server.ws_url, headers={"Authorization": f"Bearer {token}"})
        case "subprotocol":
            allowed = set("-._~") | set(map(chr, range(48, 123)))
            if not set(token) <= allowed or set(token) & set(":;<=>?@[\\]") or len(token) > 8_000:
                raise ValueError("no subprotocol is called so")
            names = ["hoardrun.v1", f"bearer.{token}"]
            return await Client.open(server.ws_url, subprotocols=names)
        case _:
            client = await Client.open(server.ws_url)
            if not 1 <= len(token) <= 8192:
                await client.close()
                raise ValueError("no message holds it")
            await client.send({"type": "authenticate", "token": token})
            return client


async def test_an_endless_request_line_is_refused(quiet: Server) -> None:
    assert await status_of(quiet, path=f"/ws/notifications?token={'a' * 40_000}") == 431


async def test_a_token_expired_within_the_leeway_closes_soon(quiet: Server) -> None:
    async with await Client.open(quiet.ws_url, token=token_for(ALICE, seconds=-1)) as client:
        assert await client.until_closed(timeout=3) == CloseCode.UNAUTHORIZED


async def test_a_renewal_with_a_bad_token_is_an_error_and_keeps_the_socket(quiet: Server) -> None:
    async with await connect(quiet, ALICE) as client:
        for make in (BAD["a password of before"], BAD["expired"], BAD["a refresh token"]):
            error = await client.request(type="authenticate", token=make())
            assert error["data"]["code"] == "invalid_token"
        await client.send({"type": "ping"})
        await client.receive("pong")


async def test_a_token_in_the_query_is_refused_by_a_setting() -> None:
    with node(WS_ALLOW_QUERY_TOKEN="0") as server:
        async with await Client.open(server.ws_url, token=token_for(ALICE)) as client:
            assert await client.until_closed() == CloseCode.UNAUTHORIZED
        headers = {"Authorization": f"Bearer {token_for(ALICE)}"}
        async with await Client.open(server.ws_url, headers=headers) as client:
            await client.receive("connection_established")


async def test_the_good_token_that_bad_ones_differ_from_is_accepted(quiet: Server) -> None:
    await (await connect(quiet, signed())).close()
