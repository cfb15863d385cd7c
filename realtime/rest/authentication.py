"""Authenticate HTTP requests by access token, under the same rules as sockets."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken

from realtime.access import tokens
from realtime.access.keys import AccessToken
from realtime.access.validity import valid_user


class LoginAuthentication(JWTAuthentication):
    """Accepts the access token of a valid login.

    Refuses what the socket refuses. Every refusal is InvalidToken, without a reason.
    """

    def get_raw_token(self, header: bytes) -> bytes | None:
        return bearer_of(header)

    def get_validated_token(self, raw_token: bytes) -> Any:
        try:
            return tokens.read(AccessToken, raw_token)[0]
        except tokens.BadToken:
            raise InvalidToken from None

    def get_user(self, validated_token: Any) -> Any:
        identity = tokens.identity_of(validated_token)
        user = valid_user(identity)
        if user is None:
            raise InvalidToken
        return user


def bearer_of(header: bytes) -> bytes | None:
    """Return the text after `Bearer`, in any case."""
    kind, _, rest = header.strip().partition(b" ")
    return rest.strip() if kind.lower() == b"bearer" else None


class LoginScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]  # it registers itself
    """Its description in the OpenAPI document."""

    target_class = "realtime.rest.authentication.LoginAuthentication"
