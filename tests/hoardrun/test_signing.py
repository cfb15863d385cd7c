"""Which keys sign access tokens, and how wrong ones stop the start."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.core.exceptions import ImproperlyConfigured

from hoardrun import signing
from hoardrun.options import Deployment
from tests.hoardrun.deployment import manage, python, read, shipped
from tests.tables import each

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

# Most start processes, which no store concerns.
pytestmark = pytest.mark.servers

SECRET = "s" * 50
SIGN = """
import django; django.setup()
from rest_framework_simplejwt.tokens import AccessToken
token = AccessToken()
token["user_id"] = "7"
print(token)
"""
VERIFY = """
import sys
import django; django.setup()
from realtime.access import tokens
for text in sys.argv[1:]:
    identity = tokens.verify(text)
    print(identity.user_id if identity else "refused")
"""


def private_pem(key: Private, password: bytes = b"") -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption(),
    )


def public_pem(key: Private) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def lines(environment: dict[str, str], *words: str) -> list[str]:
    """Return what a Python program prints that must end well."""
    ran = python(environment, "-c", *words)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def forged_with_hmac(token: str, public: bytes) -> str:
    """Sign a token's payload with the public key, as if that were a shared secret."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = header.rstrip(b"=") + b"." + token.split(".")[1].encode()
    signature = base64.urlsafe_b64encode(hmac.new(public, body, hashlib.sha256).digest())
    return (body + b"." + signature.rstrip(b"=")).decode()


# -- the key of the demo


@pytest.fixture
def demo_key(tmp_path) -> Path:
    path: Path = tmp_path / "secret_key"
    return path


def test_under_debug_the_key_is_that_of_the_demo_if_there_is_one(demo_key: Path):
    assert signing.secret_key(read(DEBUG="1", VAR_DIR=str(demo_key.parent))) == signing.DEBUG_KEY
    demo_key.write_text("\ufeffof the demo\n", encoding="utf-8")
    assert signing.secret_key(read(DEBUG="1", VAR_DIR=str(demo_key.parent))) == "of the demo"


def test_a_variable_goes_before_the_key_of_the_demo(demo_key: Path):
    demo_key.write_text("of the demo\n")
    given = read(DEBUG="1", VAR_DIR=str(demo_key.parent), SECRET_KEY="of the shell")
    assert signing.secret_key(given) == "of the shell"


def test_outside_debug_the_key_of_the_demo_counts_for_nothing(demo_key: Path):
    demo_key.write_text("of the demo\n")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set"):
        signing.secret_key(read(VAR_DIR=str(demo_key.parent)))


def test_a_key_of_the_demo_that_cannot_be_read_is_named(demo_key: Path):
    demo_key.mkdir()
    with pytest.raises(ImproperlyConfigured, match="secret_key cannot be read"):
        signing.secret_key(read(DEBUG="1", VAR_DIR=str(demo_key.parent)))


# -- a shared key


def test_a_key_is_derived_that_tells_nothing_of_the_secret_key():
    keys = signing.jwt_keys(Deployment(), SECRET)
    assert keys["ALGORITHM"] == "HS256"
    assert SECRET not in keys["SIGNING_KEY"]
    assert len(keys["SIGNING_KEY"].encode()) >= 32
    assert signing.jwt_keys(Deployment(), SECRET) == keys  # on every node
    assert signing.jwt_keys(Deployment(), SECRET + "x")["SIGNING_KEY"] != keys["SIGNING_KEY"]


def test_a_key_of_ones_own_signs():
    keys = signing.jwt_keys(read(JWT_SIGNING_KEY="k" * 32, JWT_ALGORITHM="HS512"), SECRET)
    assert (keys["ALGORITHM"], keys["SIGNING_KEY"]) == ("HS512", "k" * 32)


@pytest.mark.parametrize("key", ["k" * 31, SECRET])
def test_a_short_or_shared_key_is_refused(key: str):
    with pytest.raises(ImproperlyConfigured, match="JWT_SIGNING_KEY must hold at least 32") as told:
        signing.jwt_keys(read(JWT_SIGNING_KEY=key), SECRET)
    assert key not in str(told.value)


@pytest.mark.parametrize("algorithm", ["none", "hs256", "PS256", "HS1"])
def test_an_algorithm_that_is_not_ours_is_refused(algorithm: str):
    with pytest.raises(ImproperlyConfigured, match=f"^JWT_ALGORITHM='{algorithm}' is none of"):
        read(JWT_ALGORITHM=algorithm)


# -- a pair of keys


@pytest.mark.parametrize(
    ("algorithm", "make"),
    [
        ("RS256", lambda: rsa.generate_private_key(65537, 2048)),
        ("ES256", lambda: ec.generate_private_key(ec.SECP256R1())),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate),
    ],
)
def test_one_node_signs_and_another_only_verifies(
    tmp_path: Path, algorithm: str, make: Callable[[], Private]
):
    key = make()
    private = written(tmp_path / "private.pem", private_pem(key))
    public = written(tmp_path / "public.pem", public_pem(key))
    signs = shipped(JWT_ALGORITHM=algorithm, JWT_PRIVATE_KEY_FILE=private)
    verifies = shipped(JWT_ALGORITHM=algorithm, JWT_PUBLIC_KEY_FILE=public)

    [token] = lines(signs, SIGN)
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    claims = jwt.decode(token, options={"verify_signature": False})
    stranger = jwt.encode(claims, private_pem(make()).decode(), algorithm)
    forged = forged_with_hmac(token, public_pem(key))

    for environment in (signs, verifies):
        answers = lines(environment, VERIFY, token, stranger, forged)
        assert answers == ["7", "refused", "refused"]


# -- keys of before


def test_a_fallback_secret_key_still_verifies():
    assert signing.jwt_fallbacks(Deployment()) == []
    derived = signing.jwt_keys(Deployment(), SECRET)["SIGNING_KEY"]
    assert signing.jwt_fallbacks(read(SECRET_KEY_FALLBACKS=SECRET)) == [derived]


def test_shared_keys_of_before_come_by_name():
    given = read(JWT_SIGNING_KEY_FALLBACKS=f"{'a' * 32}, {'b' * 40}", SECRET_KEY_FALLBACKS=SECRET)
    derived = signing.jwt_keys(Deployment(), SECRET)["SIGNING_KEY"]
    assert signing.jwt_fallbacks(given) == ["a" * 32, "b" * 40, derived]


def test_public_keys_of_before_come_from_files(tmp_path: Path):
    paths = [written(tmp_path / name, name.encode()) for name in ("one.pem", "two.pem")]
    given = read(JWT_ALGORITHM="ES256", JWT_PUBLIC_KEY_FILE_FALLBACKS=", ".join(paths))
    assert signing.jwt_fallbacks(given) == ["one.pem", "two.pem"]
    nowhere = str(tmp_path / "nowhere.pem")
    with pytest.raises(ImproperlyConfigured, match="^JWT_PUBLIC_KEY_FILE_FALLBACKS=.* cannot be"):
        signing.jwt_fallbacks(read(JWT_ALGORITHM="ES256", JWT_PUBLIC_KEY_FILE_FALLBACKS=nowhere))


OLD, NEW = "o" * 50, "n" * 50
ROTATED = {
    "secret key": [
        {"SECRET_KEY": OLD, "SECRET_KEY_FALLBACKS": NEW},
        {"SECRET_KEY": NEW, "SECRET_KEY_FALLBACKS": OLD},
        {"SECRET_KEY": NEW},
    ],
    "derived key to one of its own": [
        {"SECRET_KEY": OLD, "JWT_SIGNING_KEY_FALLBACKS": NEW},
        {"SECRET_KEY": OLD, "SECRET_KEY_FALLBACKS": OLD, "JWT_SIGNING_KEY": NEW},
        {"SECRET_KEY": OLD, "JWT_SIGNING_KEY": NEW},
    ],
}


@pytest.mark.parametrize("what", ROTATED)
def test_a_deployment_rotates_keys_and_takes_tokens_of_before(what: str):
    """The three steps of docs/keys.md, for several nodes."""
    first, then, last = (shipped(**given) for given in ROTATED[what])
    [before], [after] = lines(shipped(SECRET_KEY=OLD), SIGN), lines(then, SIGN)
    for step in (first, then):
        assert lines(step, VERIFY, before, after) == ["7", "7"]
    assert lines(last, VERIFY, before, after) == ["refused", "7"]


@pytest.mark.parametrize("name", ["SECRET_KEY_FALLBACKS", "JWT_SIGNING_KEY_FALLBACKS"])
@pytest.mark.parametrize("short", ["7", "k" * 31, f"{'k' * 40},7", "a,b"])
def test_a_key_of_before_that_can_be_guessed_is_refused(name: str, short: str):
    with pytest.raises(ImproperlyConfigured, match=f"^{name} has a key of less than 32") as told:
        read(**{name: short})
    assert "k" * 31 not in str(told.value)


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_a_key_that_can_be_guessed_stops_the_start(name: str):
    ran = manage(shipped(**{name: "s" * 31}), "check")
    assert ran.returncode == 1
    [line] = ran.stderr.splitlines()
    assert name in line
    assert "32 bytes" in line
    assert "sss" not in line


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [
        *(("", name) for name in signing._KEY_FILES),
        ("HS512", "JWT_PRIVATE_KEY_FILE"),
        *(("RS256", name) for name in signing._SHARED_KEYS),
    ],
)
def test_a_key_that_nothing_reads_stops_the_start(algorithm: str, name: str):
    """A path that leads nowhere is a mistake too."""
    value = "/nowhere/key.pem" if "FILE" in name else "k" * 40
    given = read(JWT_ALGORITHM=algorithm, **{name: value})
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is set, and JWT_ALGORITHM=") as told:
        signing.jwt_keys(given, SECRET)
    assert "k" * 40 not in str(told.value)
    assert ("RS256, ES256 or EdDSA" if "FILE" in name else "HS256") in str(told.value)


# -- files that are no keys


def refusal(**files: str) -> str:
    """Run a command with these keys, which must stop it; return the one line it says."""
    ran = manage(shipped(JWT_ALGORITHM="RS256", **files), "check")
    assert ran.returncode == 1
    [line] = ran.stderr.splitlines()
    return line.removeprefix("hoardrun is not configured: ")


PAIR = ed25519.Ed25519PrivateKey.generate()
NO_KEY = "JWT_PRIVATE_KEY_FILE must hold a private key in PEM without a password."
MISSING = "{name}={path!r} cannot be read: No such file or directory."
NO_KEYS: dict[str, list[tuple[bytes | None, str]]] = {
    "JWT_PUBLIC_KEY_FILE": [(None, MISSING)],
    "JWT_PRIVATE_KEY_FILE": [
        (None, MISSING),
        (b"\x30\x82\xff\xfe", "{name}={path!r} is not a text file in UTF-8."),
        *((b"a line of text", NO_KEY), (public_pem(PAIR), NO_KEY)),
        (private_pem(PAIR, password=b"secret"), NO_KEY),
    ],
}


@pytest.mark.parametrize(("name", "case"), each(NO_KEYS))
def test_a_file_without_a_usable_key_is_one_clear_sentence(
    tmp_path: Path, name: str, case: tuple[bytes | None, str]
):
    content, says = case
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)
    assert refusal(**{name: str(path)}) == says.format(name=name, path=str(path))


def test_a_pair_without_files_is_one_clear_sentence():
    assert refusal() == "JWT_ALGORITHM=RS256 needs JWT_PRIVATE_KEY_FILE, a PEM file."


def test_the_key_of_another_algorithm_stops_commands(tmp_path: Path):
    key = ec.generate_private_key(ec.SECP256R1())
    path = written(tmp_path / "private.pem", private_pem(key))
    ran = manage(shipped(JWT_ALGORITHM="RS256", JWT_PRIVATE_KEY_FILE=path), "migrate")
    assert ran.returncode == 1
    assert "hoardrun.E020" in ran.stderr
    assert "Traceback" not in ran.stderr
