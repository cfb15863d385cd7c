"""Tokens: whom they speak for, and what else must hold for them to count."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from realtime.access.keys import AccessToken
from realtime.core.identity import Identity

# Names the login that a token belongs to, through all its renewals.
SESSION_CLAIM = "sid"
MAX_TOKEN_LENGTH = 8192
MAX_USER_ID = 2**63 - 1  # what the databases hold
# What reading a token raises that is no good, be it signed or not: a header may be nested deeper
# than Python follows, and a time be one that the C library has no year for (OSError).
_UNUSABLE = (
    TokenError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    RecursionError,
    OSError,
)
_USER_ID = re.compile("[1-9][0-9]{0,18}")
_PLAIN_NAME = re.compile("[!-~]{1,64}")


class BadToken(Exception):
    """A token that counts for nothing; it is never said why."""


class ExpiredToken(BadToken):
    """A token of ours whose time is over."""


def verify(token: str) -> Identity | None:
    """Check an access token without a query; None for whatever is wrong with it.

    What only the database knows is checked by `realtime.access.validity`: whether the user is
    active, has the same password still, and has not logged out.
    """
    try:
        return _read(AccessToken, token)[1]
    except BadToken:
        return None


def read(kind: type[Token], text: str | bytes) -> Token:
    """Check a token of a kind: its signature, its times, and that its claims make sense.

    Raises BadToken for whatever is wrong with it, ExpiredToken if that is its age only.
    """
    return _read(kind, text)[0]


def _read(kind: type[Token], text: str | bytes) -> tuple[Token, Identity]:
    if len(text) > MAX_TOKEN_LENGTH:
        raise BadToken
    try:
        token = kind(text)  # type: ignore[arg-type]  # simplejwt means text
        return token, identity_of(token)
    except ExpiredTokenError:
        raise ExpiredToken from None
    except _UNUSABLE:
        raise BadToken from None


def identity_of(token: Any) -> Identity:
    """Return whom a verified token speaks for.

    A token without a session's name, as another issuer may make it, is a session of its own.
    Raises BadToken for claims of another form than ours.
    """
    return Identity(
        user_id=_user_id(token.get(api_settings.USER_ID_CLAIM)),
        expires_at=_moment(token.get("exp")),
        session=session_of(token),
        stamp=_text(token.get(api_settings.REVOKE_TOKEN_CLAIM, "")),
    )


def session_of(token: Any) -> str:
    """Name the login that a token belongs to. Raises BadToken for what is no name."""
    jti = _text(token.get(api_settings.JTI_CLAIM, ""))
    name = _text(token.get(SESSION_CLAIM, "")) or jti
    if not is_plain_name(name):
        name = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return name


def is_plain_name(value: Any) -> bool:
    """Say whether a claim is text that every database takes and finds again."""
    return isinstance(value, str) and _PLAIN_NAME.fullmatch(value) is not None


def _user_id(value: Any) -> int:
    """Read an id as we write it: neither 7.9, nor true, nor digits of other scripts are one."""
    if isinstance(value, str) and _USER_ID.fullmatch(value):
        value = int(value)
    if type(value) is not int or not 0 < value <= MAX_USER_ID:
        raise BadToken
    return value


def _moment(value: Any) -> float:
    if type(value) not in {int, float}:
        raise BadToken
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadToken
    return value
