"""Logins by token: give, rotate, take back. Refusals never say whether an account exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User, update_last_login
from django.db import transaction
from rest_framework_simplejwt.exceptions import ExpiredTokenError, InvalidToken, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken


@dataclass(frozen=True)
class Login:
    """What a client needs to act as a user; `expires_in` is in seconds."""

    access: str
    refresh: str
    user: User
    token_type: str = "Bearer"
    expires_in: int = int(api_settings.ACCESS_TOKEN_LIFETIME.total_seconds())


def login_create(*, user: User) -> Login:
    """Give tokens to a user who has proved who that is."""
    update_last_login(User, user)
    return _login(user)


@transaction.atomic
def login_refresh(*, refresh: str) -> Login:
    """Exchange a refresh token, which is good once, even for two requests at a time.

    Raises InvalidToken.
    """
    token = _refresh_token(refresh)
    user_id = token.get(api_settings.USER_ID_CLAIM)
    user = get_user_model()._default_manager.filter(pk=user_id, is_active=True).first()
    if user is None or not _blacklist(token):
        raise InvalidToken
    return _login(user)


def login_end(*, refresh: str) -> None:
    """Make a refresh token worthless; one that is already stays so.

    Raises InvalidToken for what never was one.
    """
    try:
        token = _AnyRefreshToken(refresh)  # type: ignore[arg-type]  # simplejwt means str
    except ExpiredTokenError:
        return
    except TokenError:
        raise InvalidToken from None
    _blacklist(token)


class _AnyRefreshToken(RefreshToken):
    """A refresh token of ours, given back or not."""

    def check_blacklist(self) -> None:
        pass


def _refresh_token(text: str) -> RefreshToken:
    try:
        return RefreshToken(text)  # type: ignore[arg-type]  # simplejwt means str
    except TokenError:
        raise InvalidToken from None


def _blacklist(token: Any) -> bool:
    """Say whether it was this call that did it: the row is unique."""
    _, created = token.blacklist()
    return bool(created)


def _login(user: User) -> Login:
    refresh: Any = RefreshToken.for_user(user)
    return Login(access=str(refresh.access_token), refresh=str(refresh), user=user)
