"""Logins by token: give, renew, take back. Refusals never say whether an account exists.

A refresh token is good once. Its answer may be lost, and two tabs may ask at the same moment:
for REFRESH_GRACE_SECONDS after its use it is exchanged for the same successor again. Used
after that, it is in the hands of two, and the login ends for both.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User, update_last_login
from django.db.models.functions import Now
from rest_framework.exceptions import APIException
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.settings import api_settings

from realtime import clock
from realtime.access import changes as access
from realtime.access.keys import RefreshToken
from realtime.access.tokens import SESSION_CLAIM, BadToken, ExpiredToken, is_plain_name, read
from realtime.access.validity import is_valid
from realtime.core.identity import Identity
from realtime.models import IssuedToken
from realtime.retry import one_transaction

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Login:
    """The tokens with which a client acts as a user; `expires_in` is in seconds."""

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


def login_create(*, user: User, client: str = "") -> Login:
    """Give tokens to a user whose identity is proved. Raises NoSigningKey.

    `client` is what the user's program calls itself.
    """
    _require_key()
    update_last_login(User, user)
    now = clock.now()
    return _login(user, _issue(user, now, client=client), now)


def login_refresh(*, refresh: str, client: str = "") -> Login:
    """Exchange a refresh token; again within the grace, for the same successor.

    The login stays the same one, until it is logged out, the password changes, or one of its
    refresh tokens is used again after the grace. Raises InvalidToken and NoSigningKey.
    """
    _require_key()
    try:
        login = _refreshed(*_read(refresh), client)
    except BadToken:
        raise InvalidToken from None
    if login is None:  # only now: that a login was ended must not be rolled back
        raise InvalidToken
    return login


@one_transaction
def login_end(*, refresh: str) -> None:
    """Log out: end the login's tokens and close its sockets.

    Once more is no error. Raises InvalidToken for what never was a refresh token.
    """
    try:
        _, identity = _read(refresh)
    except ExpiredToken:
        return
    except BadToken:
        raise InvalidToken from None
    user = _locked(identity.user_id)
    if user is not None:
        access.end_session(user_id=user.pk, session=identity.session)


def _read(refresh: str) -> tuple[Any, Identity]:
    """Check a refresh token. Raises BadToken, also for a number that no column can hold."""
    token, identity = read(RefreshToken, refresh)
    if not is_plain_name(token[api_settings.JTI_CLAIM]):
        raise BadToken
    return token, identity


@one_transaction
def _refreshed(token: Any, identity: Identity, client: str) -> Login | None:
    """Return the next tokens of a login; None for a token or a login that is no longer valid."""
    user = _locked(identity.user_id)
    if user is None or not is_valid(user, identity):
        return None
    # The database's time: the node that exchanged it may have another clock.
    found = IssuedToken.objects.annotate(now=Now()).select_related("successor")
    issued = found.filter(pk=token[api_settings.JTI_CLAIM], user=user).first()
    if issued is None:
        return None
    if issued.used_at is None:
        successor = _issue(user, issued.now, identity.session, client or issued.client)
        issued.used_at, issued.successor = issued.now, successor
        issued.save(update_fields=["used_at", "successor"])
    elif issued.now - issued.used_at >= timedelta(seconds=settings.REFRESH_GRACE_SECONDS):
        logger.warning("user=%s used a refresh token twice: that login is ended", user.pk)
        access.end_session(user_id=user.pk, session=identity.session)
        return None
    return None if issued.successor is None else _login(user, issued.successor, issued.now)


def _locked(user_id: int) -> User | None:
    """Lock a user: a logout or a change of the password then comes before or after.

    Without the key: rows that refer to the user are written meanwhile, by publishers that
    already hold the user's stream.
    """
    users = get_user_model()._default_manager.select_for_update(no_key=True)
    return users.filter(pk=user_id).first()


def _issue(user: User, now: datetime, session: str = "", client: str = "") -> IssuedToken:
    """Store a new refresh token, all but its text; without a session, it begins one."""
    now = now.replace(microsecond=0)  # tokens have whole seconds
    number = uuid.uuid4().hex
    return IssuedToken.objects.create(
        jti=number,
        user=user,
        session=session or number,
        client=client,
        issued_at=now,
        expires_at=now + api_settings.REFRESH_TOKEN_LIFETIME,
    )


def _login(user: User, issued: IssuedToken, now: datetime) -> Login:
    """Sign a refresh token, the same each time, and a new access token.

    `now` is the database's time. The access token ends with its refresh token at the latest,
    so that the last refresh token of a login says when all of the login is over.
    """
    refresh: Any = RefreshToken.for_user(user)
    refresh[api_settings.JTI_CLAIM] = issued.jti
    refresh.set_iat(at_time=issued.issued_at)
    refresh["exp"] = int(issued.expires_at.timestamp())
    refresh[SESSION_CLAIM] = issued.session
    access_token = refresh.access_token
    access_token.set_iat(at_time=now)
    lasts = min(api_settings.ACCESS_TOKEN_LIFETIME, issued.expires_at - now)
    access_token.set_exp(from_time=now, lifetime=lasts)
    return Login(
        access=str(access_token),
        refresh=str(refresh),
        user=user,
        expires_in=int(lasts.total_seconds()),
    )


def _require_key() -> None:
    if not api_settings.SIGNING_KEY:
        raise NoSigningKey
