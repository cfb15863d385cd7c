"""Read tokens: check signature, times and claims, and return the identity.

Needs no query. `access.validity` checks what only the database knows.
"""

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
MAX_USER_ID = 2**63 - 1  # the highest id that a database can hold
# Errors of reading a bad token, signed or not: a header may be nested too deeply for Python, and a
# time may have a year beyond the C library's (OSError).
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
    """An invalid token. The reason is never disclosed."""


class ExpiredToken(BadToken):
    """A valid token of ours that has expired."""


def verify(token: str | bytes) -> Identity | None:
    """Check an access token without a query; return None if it is invalid.

    `realtime.access.validity` checks what only the database knows: that the user is active,
    has the same password and has not logged out.
    """
    try:
        return read(AccessToken, token)[1]
    except BadToken:
        return None


def read(kind: type[Token], text: str | bytes) -> tuple[Token, Identity]:
    """Check the signature, times and claims of a token; return it with its identity.

    Raises BadToken for an invalid one, ExpiredToken if only its time is over.
    """
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
    """Return the identity of a verified token.

    A token without a session, as of another issuer, is a session of its own. Raises BadToken
    for claims of the wrong form.
    """
    jti = _text(token.get(api_settings.JTI_CLAIM, ""))
    session = _text(token.get(SESSION_CLAIM, "")) or jti
    if not is_plain_name(session):
        session = hashlib.sha256(session.encode(errors="surrogatepass")).hexdigest()
    return Identity(
        user_id=_user_id(token.get(api_settings.USER_ID_CLAIM)),
        expires_at=_moment(token.get("exp")),
        session=session,
        stamp=_text(token.get(api_settings.REVOKE_TOKEN_CLAIM, "")),
    )


def is_plain_name(value: Any) -> bool:
    """Return True if a claim is text that every database stores and finds."""
    return isinstance(value, str) and _PLAIN_NAME.fullmatch(value) is not None


def _user_id(value: Any) -> int:
    """Return an id. Raises BadToken for 7.9, true, and digits of other scripts."""
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
