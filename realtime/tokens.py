"""Access tokens on the socket: where they come from, and whether they are good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a good token speaks for, and until when (seconds since 1970)."""

    user_id: int
    expires_at: float


def verify(token: str) -> Identity | None:
    """Check a token without a query; None for whatever is wrong with it."""
    try:
        claims: Any = AccessToken(token)  # type: ignore[arg-type]  # simplejwt means str
        return Identity(int(claims[api_settings.USER_ID_CLAIM]), float(claims["exp"]))
    except (TokenError, KeyError, TypeError, ValueError, UnicodeError):
        return None
