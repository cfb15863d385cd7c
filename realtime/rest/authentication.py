"""Who is calling over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken

from realtime import tokens
from realtime.models import EndedSession


class LoginAuthentication(JWTAuthentication):
    """An access token of a login that goes on: a logout ends it here as on the socket."""

    def get_validated_token(self, raw_token: bytes) -> Any:
        """Refuse all that the socket refuses, and in the same way."""
        try:
            token = super().get_validated_token(raw_token)
            tokens.identity_of(token)
        except tokens.UNUSABLE:
            raise InvalidToken from None
        return token

    def get_user(self, validated_token: Any) -> Any:
        user = super().get_user(validated_token)
        if EndedSession.objects.filter(pk=tokens.session_of(validated_token)).exists():
            raise AuthenticationFailed("This login has ended.", code="token_not_valid")
        return user


class LoginScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]  # it registers itself
    """How the OpenAPI document calls it."""

    target_class = "realtime.rest.authentication.LoginAuthentication"
