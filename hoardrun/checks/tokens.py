"""Check the signature and the lifetime of access tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from rest_framework_simplejwt import settings as simplejwt

from hoardrun.checks.findings import finding

MAX_LIFETIME = timedelta(minutes=60)
MIN_RSA_BITS = 2048
_UNUSABLE = (jwt.PyJWTError, ValueError, TypeError, UnsupportedAlgorithm)  # of a key


@register(Tags.security)
def check_key_pair(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse keys from files with which no token could be signed or verified."""
    # Smaller keys of RSA are warned of, and work.
    if _reads_files() and _rsa_bits() >= MIN_RSA_BITS and not _is_pair():
        yield finding("hoardrun.E020", algorithm=_algorithm())


@register(Tags.security)
def check_fallbacks(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse keys of before that can verify nothing, which would fail at the first old token."""
    for number, key in enumerate(settings.JWT_FALLBACK_KEYS, start=1):
        if _reads_files() and _prepared(key) is None:
            yield finding("hoardrun.E029", number=number, algorithm=_algorithm())


@register(Tags.security, deploy=True)
def check_keys(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of keys that others can forge tokens with, and of tokens that count for too long.

    Remind of keys of before, which count until they are taken out.
    """
    if settings.SECRET_KEY_FALLBACKS or settings.JWT_FALLBACK_KEYS:
        yield finding("hoardrun.I033")
    if _rsa_bits() < MIN_RSA_BITS:
        yield finding("hoardrun.W024", bits=MIN_RSA_BITS)
    if simplejwt.api_settings.ACCESS_TOKEN_LIFETIME > MAX_LIFETIME:
        yield finding("hoardrun.W028")


def _algorithm() -> str:
    return str(simplejwt.api_settings.ALGORITHM)


def _reads_files() -> bool:
    return not _algorithm().startswith("HS")


def _rsa_bits() -> float:
    """Return the size of the smaller RSA key; without one, no size is too small."""
    texts = (simplejwt.api_settings.SIGNING_KEY, simplejwt.api_settings.VERIFYING_KEY)
    keys = [_prepared(text) for text in texts] if _reads_files() else []
    sizes = [key.key_size for key in keys if isinstance(key, RSAPrivateKey | RSAPublicKey)]
    return min(sizes, default=float("inf"))


def _prepared(text: str) -> Any:
    """Read a key; None if it is none for the algorithm."""
    try:
        return jwt.get_algorithm_by_name(_algorithm()).prepare_key(text)
    except _UNUSABLE:
        return None


def _is_pair() -> bool:
    """Sign something and verify it; with no key to sign, read the one that verifies."""
    signing, verifying = simplejwt.api_settings.SIGNING_KEY, simplejwt.api_settings.VERIFYING_KEY
    if not signing:
        return _prepared(verifying) is not None
    try:
        jwt.decode(jwt.encode({}, signing, _algorithm()), verifying, [_algorithm()])
    except _UNUSABLE:
        return False
    return True
