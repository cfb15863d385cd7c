"""The URLs that providers call, and the secrets in their paths.

`/hooks/payments/<code>/<purpose>/<token>`: the code stands for the provider's name, as some refuse
a URL that holds theirs. A token begins with its payment's id; of the rest a digest is stored.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from hoardrun.payments.providers.interface import Purpose
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.providers.settings import callback_base, given

# A question before a payment is no callback: nothing has happened that it could tell of.
Path = Purpose | Literal["validation"]
LIFE = timedelta(days=7)  # for which a token is accepted
MIN_SECRET = 32  # characters
_SALT = "payments.callback"
_ID = 32  # hexadecimal digits


def code_of(name: str) -> str:
    """Return what stands for a provider in a path."""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


NAMES = {code_of(name): name for name in PROVIDERS}
assert len(NAMES) == len(PROVIDERS), "two providers have one code"


def token_of(payment_id: UUID) -> str:
    """Return the token of a payment's callbacks; any worker can make it again."""
    signed = salted_hmac(_SALT, payment_id.hex, secret=settings.SECRET_KEY, algorithm="sha256")
    return payment_id.hex + urlsafe_b64encode(signed.digest()).decode().rstrip("=")


def question_token(payment_id: UUID) -> str:
    """Make the token of the answer to one question about a payment."""
    return payment_id.hex + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def payment_of(token: str) -> UUID | None:
    """Return the payment that a token claims to be of; whether it is, `is_right` says."""
    try:
        return UUID(hex=token[:_ID]) if token[:_ID].isalnum() else None
    except ValueError:
        return None


def is_right(token: str, stored: str) -> bool:
    """Say whether a token is the one whose digest is stored."""
    return bool(stored) and constant_time_compare(digest(token), stored)


def fixed_tokens(name: str) -> tuple[str, ...]:
    """Return the tokens of the URL that a provider calls for all payments, the newest first."""
    found: tuple[str, ...] = getattr(given(name), "callback_tokens", ())
    return found


def is_fixed_token(name: str, token: str) -> bool:
    """Say whether a token is one of those for all payments of a provider."""
    return any(constant_time_compare(token, each) for each in fixed_tokens(name))


def url(name: str, purpose: Path, token: str) -> str:
    """Return the URL that a provider is given; empty where no address of ours is set."""
    base = callback_base()
    return f"{base}/hooks/payments/{code_of(name)}/{purpose}/{token}" if base else ""
