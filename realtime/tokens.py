"""Access tokens: whom they speak for, and what else must hold for them to count."""

from __future__ import annotations

import hashlib
from typing import Any

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken

from realtime.core.identity import Identity

# Names the login that a token belongs to, through all its renewals.
SESSION_CLAIM = "sid"
MAX_TOKEN_LENGTH = 8192
MAX_USER_ID = 2**63 - 1  # what the databases hold
# What reading a token raises that is no good, be it signed or not.
UNUSABLE = (TokenError, KeyError, TypeError, ValueError, OverflowError)
_MAX_SESSION_LENGTH = 64


def verify(token: str) -> Identity | None:
    """Check a token without a query; None for whatever is wrong with it.

    What only the database knows is checked by `realtime.standing`: whether the user is
    active, has the same password still, and has not logged out.
    """
    if len(token) > MAX_TOKEN_LENGTH:
        return None
    try:
        return identity_of(AccessToken(token))  # type: ignore[arg-type]  # simplejwt means str
    except UNUSABLE:
        return None


def identity_of(token: Any) -> Identity:
    """Read whom a verified token speaks for.

    A token without a session's name, as another issuer may make it, is a session of its own.
    Raises ValueError for what can be nobody's id.
    """
    user_id = int(token[api_settings.USER_ID_CLAIM])
    if not 0 < user_id <= MAX_USER_ID:
        raise ValueError("no user has this id")
    return Identity(
        user_id=user_id,
        expires_at=float(token["exp"]),
        session=session_of(token),
        stamp=str(token.get(api_settings.REVOKE_TOKEN_CLAIM, "")),
    )


def session_of(token: Any) -> str:
    """Name the login that a token belongs to."""
    name = str(token.get(SESSION_CLAIM) or token.get(api_settings.JTI_CLAIM) or "")
    if len(name) > _MAX_SESSION_LENGTH or "\x00" in name:  # which no database takes
        name = hashlib.sha256(name.encode()).hexdigest()
    return name
