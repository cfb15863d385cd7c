"""Logins by token: give, rotate, take back. Refusals never say whether an account exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User, update_last_login
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework_simplejwt.exceptions import ExpiredTokenError, InvalidToken
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken

from realtime import access
from realtime.models import EndedSession
from realtime.standing import stamp_of
from realtime.tokens import SESSION_CLAIM, UNUSABLE, identity_of, session_of


@dataclass(frozen=True)
class Login:
    """What a client needs to act as a user; `expires_in` is in seconds."""

    access: str
    refresh: str
    user: User
    token_type: str = "Bearer"
    expires_in: int = int(api_settings.ACCESS_TOKEN_LIFETIME.total_seconds())


class NoSigningKey(APIException):
    """Tokens are issued elsewhere: this deployment has the key that verifies them, no other."""

    status_code = 503
    default_code = "tokens_issued_elsewhere"
    default_detail = "This server issues no tokens; log in where yours come from."


def login_create(*, user: User) -> Login:
    """Give tokens to a user who has proved who that is. Raises NoSigningKey."""
    update_last_login(User, user)
    return _login(user)


@transaction.atomic
def login_refresh(*, refresh: str) -> Login:
    """Exchange a refresh token, which is good once, even for two requests at a time.

    The login stays the same one, until it is logged out or the password changes.
    Raises InvalidToken.
    """
    token = _refresh_token(refresh)
    user_id = _user_id(token)
    # Locked, so that a logout or a change of the password comes before or after.
    users = get_user_model()._default_manager.select_for_update()
    user = users.filter(pk=user_id, is_active=True).first()
    session = session_of(token)
    if (
        user is None
        or token.get(api_settings.REVOKE_TOKEN_CLAIM) != stamp_of(user.password)
        or EndedSession.objects.filter(pk=session).exists()
        or not _blacklist(token)
    ):
        raise InvalidToken
    return _login(user, session)


@transaction.atomic
def login_end(*, refresh: str) -> None:
    """Log out: none of the login's tokens counts any more, and its sockets close.

    Once more is no error. Raises InvalidToken for what never was a refresh token.
    """
    try:
        token = _AnyRefreshToken(refresh)  # type: ignore[arg-type]  # simplejwt means str
    except ExpiredTokenError:
        return
    except UNUSABLE:
        raise InvalidToken from None
    user_id = _user_id(token)
    user = get_user_model()._default_manager.select_for_update().filter(pk=user_id).first()
    if user is None:
        return
    _blacklist(token)
    lasts = max(api_settings.REFRESH_TOKEN_LIFETIME, api_settings.ACCESS_TOKEN_LIFETIME)
    access.end_session(
        user_id=user.pk,
        session=session_of(token),
        expires_at=(timezone.now() + lasts).timestamp(),
    )


class _AnyRefreshToken(RefreshToken):
    """A refresh token of ours, given back or not."""

    def check_blacklist(self) -> None:
        pass


def _refresh_token(text: str) -> RefreshToken:
    try:
        return RefreshToken(text)  # type: ignore[arg-type]  # simplejwt means str
    except UNUSABLE:
        raise InvalidToken from None


def _user_id(token: Any) -> int:
    try:
        return identity_of(token).user_id
    except UNUSABLE:
        raise InvalidToken from None


def _blacklist(token: Any) -> bool:
    """Say whether it was this call that did it: the row is unique."""
    _, created = token.blacklist()
    return bool(created)


def _login(user: User, session: str = "") -> Login:
    if not api_settings.SIGNING_KEY:
        raise NoSigningKey
    refresh: Any = RefreshToken.for_user(user)
    refresh[SESSION_CLAIM] = session or refresh[api_settings.JTI_CLAIM]
    return Login(access=str(refresh.access_token), refresh=str(refresh), user=user)
