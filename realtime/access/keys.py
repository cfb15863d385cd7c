"""The keys of tokens: the current one signs, older ones still verify."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings
from jwt import InvalidSignatureError
from jwt.algorithms import HMACAlgorithm
from rest_framework_simplejwt import tokens as simplejwt
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.settings import api_settings


class Backend(TokenBackend):
    """Signs with the key of `SIMPLE_JWT`; verifies with that key and with `fallbacks`.

    All have one algorithm: a fallback is an older shared secret or an older public key in PEM.
    """

    def __init__(self, fallbacks: list[str]) -> None:
        super().__init__(**_settings(api_settings.SIGNING_KEY, api_settings.VERIFYING_KEY))
        self._before = [TokenBackend(**_settings(key, key)) for key in fallbacks]

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        """Return a token's claims. Raises TokenBackendError, also for an expired token."""
        try:
            return super().decode(token, verify)
        except TokenBackendError as error:
            refused = error
        for backend in self._before:
            # Any other error means that this key signed the token: try no further.
            if not isinstance(refused.__cause__, InvalidSignatureError):
                break
            try:
                return backend.decode(token, verify)
            except TokenBackendError as error:
                refused = error
        raise refused


class _Hmac(HMACAlgorithm):
    """HMAC that checks each secret once; PyJWT does it again for every token.

    PyJWT checks that a secret is not a public key, which takes longer than the signature.
    """

    prepare_key = lru_cache(maxsize=8)(HMACAlgorithm.prepare_key)


for _name, _hash in {
    "HS256": hashlib.sha256,
    "HS384": hashlib.sha384,
    "HS512": hashlib.sha512,
}.items():
    jwt.unregister_algorithm(_name)
    jwt.register_algorithm(_name, _Hmac(_hash))


def _settings(signing_key: str, verifying_key: str) -> dict[str, Any]:
    return {
        "algorithm": api_settings.ALGORITHM,
        "signing_key": signing_key,
        "verifying_key": verifying_key,
        "audience": api_settings.AUDIENCE,
        "issuer": api_settings.ISSUER,
        "jwk_url": api_settings.JWK_URL,
        "leeway": api_settings.LEEWAY,
        "json_encoder": api_settings.JSON_ENCODER,
    }


backend = Backend(settings.JWT_FALLBACK_KEYS)


class AccessToken(simplejwt.AccessToken):
    """An access token under our keys."""

    token_backend = backend


class RefreshToken(simplejwt.RefreshToken):
    """A refresh token under our keys."""

    token_backend = backend
    access_token_class = AccessToken
