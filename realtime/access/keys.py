"""The keys of tokens: the current one signs, older ones still verify."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from binascii import a2b_base64, b2a_base64
from functools import cached_property, lru_cache
from typing import Any

import jwt
from django.conf import settings
from jwt import InvalidSignatureError
from jwt.algorithms import HMACAlgorithm
from rest_framework_simplejwt import tokens as simplejwt
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.settings import api_settings

_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


class Backend(TokenBackend):
    """Signs with the key of `SIMPLE_JWT`; verifies with that key and with `fallbacks`.

    All have one algorithm: a fallback is an older shared secret or an older public key in PEM.
    A token that is written as this backend writes them is verified here, in a tenth of the time
    that PyJWT takes. PyJWT judges every other one, and says why a token is refused.
    """

    def __init__(self, fallbacks: list[str]) -> None:
        super().__init__(**_settings(api_settings.SIGNING_KEY, api_settings.VERIFYING_KEY))
        self._before = [TokenBackend(**_settings(key, key)) for key in fallbacks]

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        """Return a token's claims. Raises TokenBackendError, also for an expired token."""
        if verify and (claims := self._plain(token)) is not None:
            return claims
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

    def _plain(self, token: Any) -> dict[str, Any] | None:
        """Return the claims of a plain token of the current secret that PyJWT would accept.

        None for any other, good or bad.
        """
        head = self._plain_head
        data = token.encode("utf-8", "replace") if isinstance(token, str) else token
        if not head or not isinstance(data, bytes) or not data.startswith(head):
            return None
        signed, _, signature = data.rpartition(b".")
        key: bytes = self.prepared_signing_key
        proof = _base64url(hmac.digest(key, signed, self.algorithm.replace("HS", "sha")))
        if not hmac.compare_digest(proof, signature):
            return None
        body = signed[len(head) :]
        try:
            text = a2b_base64(body.translate(_FROM_URL) + b"==")
            claims = json.loads(text) if _base64url(text) == body else None
        except (ValueError, RecursionError):
            return None
        return claims if isinstance(claims, dict) and self._has_plain_claims(claims) else None

    @cached_property
    def _plain_head(self) -> bytes:
        """The first part of every plain token; empty where PyJWT must check every token.

        It does with public keys, with a secret that it warns of, and for several audiences.
        """
        kind = _HASHES.get(self.algorithm)
        if kind is None or len(self.prepared_signing_key) < kind().digest_size:
            return b""
        if not all(
            name is None or (name and isinstance(name, str))
            for name in (self.audience, self.issuer)
        ):
            return b""
        return super().encode({}).encode().partition(b".")[0] + b"."

    def _has_plain_claims(self, claims: dict[str, Any]) -> bool:
        """Return True if all registered claims have their usual form and the times are kept."""
        now, leeway = time.time(), self.get_leeway().total_seconds()
        begins, ends = (claims.get("iat", 0), claims.get("nbf", 0)), claims.get("exp")
        return (
            type(ends) is int
            and ends > now - leeway
            and all(type(moment) is int and moment <= now + leeway for moment in begins)
            and isinstance(claims.get("sub", ""), str)
            and isinstance(claims.get("jti", ""), str)
            and (self.audience is None or claims.get("aud") == self.audience)
            and (self.issuer is None or claims.get("iss") == self.issuer)
        )


def _base64url(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=")


class _Hmac(HMACAlgorithm):
    """HMAC that checks each secret once; PyJWT does it again for every token.

    PyJWT checks that a secret is not a public key, which takes longer than the signature.
    """

    prepare_key = lru_cache(maxsize=8)(HMACAlgorithm.prepare_key)


for _name, _hash in _HASHES.items():
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
