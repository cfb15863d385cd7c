"""The keys that sign sessions and access tokens; `settings.py` is the only caller."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from hoardrun import env, places
from hoardrun.options import MIN_KEY_BYTES, Deployment, is_short

DEBUG_KEY = "insecure-key-for-debug-only-never-used-outside-debug"
# Which options hold the keys of HS256 and its kin, and which those of the others.
_SHARED_KEYS = ("JWT_SIGNING_KEY", "JWT_SIGNING_KEY_FALLBACKS")
_KEY_FILES = ("JWT_PRIVATE_KEY_FILE", "JWT_PUBLIC_KEY_FILE", "JWT_PUBLIC_KEY_FILE_FALLBACKS")


def secret_key(given: Deployment) -> str:
    """Return SECRET_KEY; only DEBUG may do without one.

    It then takes the one of `make run`, if there is any: what commands sign is good there.
    """
    key = given.secret_key
    if given.debug:
        return key or _demo_key(given) or DEBUG_KEY
    if not key:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Set it to 50 or more random characters, for example with "
            "`export SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(50))')`, "
            "and keep it the same on every node. DEBUG=1, as for the demo of `make run`, needs "
            "none."
        )
    if is_short(key):
        raise ImproperlyConfigured(
            f"SECRET_KEY must hold at least {MIN_KEY_BYTES} bytes, or it can be guessed: set it to "
            "50 or more random characters."
        )
    if key.startswith("insecure-"):
        raise ImproperlyConfigured("SECRET_KEY is the one of DEBUG; set one of your own.")
    return key


def _demo_key(given: Deployment) -> str:
    file = places.var(given) / "secret_key"
    try:
        return env.clean(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(
            f"{file} cannot be read: {error}. Set SECRET_KEY, or remove it."
        ) from None


def jwt_keys(given: Deployment, secret_key: str) -> dict[str, Any]:
    """Say how access tokens are signed: algorithm and keys, as simplejwt names them.

    With HS256, JWT_SIGNING_KEY signs and verifies; left out, a key derived from SECRET_KEY
    does, which tells nothing of that one. RS256, ES256, EdDSA and their kin read PEM files:
    JWT_PRIVATE_KEY_FILE signs; with JWT_PUBLIC_KEY_FILE alone, tokens are verified that
    another service signs. Keys of the other kind are refused: nothing would read them.
    """
    algorithm = given.jwt_algorithm
    if algorithm.startswith("HS"):
        _refuse_unread(given, _KEY_FILES, "RS256, ES256 or EdDSA")
        key = given.jwt_signing_key or _derived(secret_key)
        if is_short(key) or key == secret_key:
            raise ImproperlyConfigured(
                f"JWT_SIGNING_KEY must hold at least {MIN_KEY_BYTES} bytes and differ from "
                "SECRET_KEY; leave it out, and one is derived."
            )
        return {"ALGORITHM": algorithm, "SIGNING_KEY": key, "VERIFYING_KEY": ""}
    _refuse_unread(given, _SHARED_KEYS, "HS256")
    private = _pem("JWT_PRIVATE_KEY_FILE", given.jwt_private_key_file)
    public = _pem("JWT_PUBLIC_KEY_FILE", given.jwt_public_key_file)
    if not private and not public:
        raise ImproperlyConfigured(
            f"JWT_ALGORITHM={algorithm} needs JWT_PRIVATE_KEY_FILE, a PEM file."
        )
    try:
        return {
            "ALGORITHM": algorithm,
            "SIGNING_KEY": private,
            "VERIFYING_KEY": public or _public_of(private),
        }
    except (ValueError, TypeError):  # cryptography says TypeError of a key with a password
        raise ImproperlyConfigured(
            "JWT_PRIVATE_KEY_FILE must hold a private key in PEM without a password."
        ) from None


def _refuse_unread(given: Deployment, variables: tuple[str, ...], fitting: str) -> None:
    """Refuse variables that name keys which the algorithm does not read."""
    if unread := [name for name in variables if getattr(given, name.lower())]:
        raise ImproperlyConfigured(
            f"{unread[0]} is set, and JWT_ALGORITHM={given.jwt_algorithm} does not read it: set "
            f"JWT_ALGORITHM to {fitting}, or take {unread[0]} out."
        )


def jwt_fallbacks(given: Deployment) -> list[str]:
    """Return the keys that tokens of before were signed with, and that only verify.

    With HS256 and its kin those of JWT_SIGNING_KEY_FALLBACKS, and what is derived from each of
    SECRET_KEY_FALLBACKS; else the files of JWT_PUBLIC_KEY_FILE_FALLBACKS.
    """
    if given.jwt_algorithm.startswith("HS"):
        return [*given.jwt_signing_key_fallbacks, *map(_derived, given.secret_key_fallbacks)]
    paths = given.jwt_public_key_file_fallbacks
    return [_pem("JWT_PUBLIC_KEY_FILE_FALLBACKS", path) for path in paths]


def _derived(secret_key: str) -> str:
    return hmac.new(secret_key.encode(), b"access tokens", hashlib.sha256).hexdigest()


def _pem(variable: str, path: str) -> str:
    return env.read_file(variable, path) if path else ""


def _public_of(private_pem: str) -> str:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
