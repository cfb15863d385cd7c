"""The signed tokens of links and payloads that work without a login, and their public URLs.

A token names what it is for and holds no secret: nobody can make one, and it gives no right but
the one that it is for. Tokens work for years: an old e-mail unsubscribes too. They hold while the
key that signed them is `SECRET_KEY` or one of `SECRET_KEY_FALLBACKS`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

_HOOK, _CALLBACK = "notifications.hook", "notifications.callback"
_RECEIPT, _UNSUBSCRIBE = "notifications.receipt", "notifications.unsubscribe"
_RENEWAL = "notifications.renewal"
_HASH_PART = 16  # hexadecimal digits of an address's hash: enough to tell those of one row apart
_BOUNCE = "notifications.bounce"
_BOUNCE_SIGNS = 24  # hexadecimal, 96 bits: a local part has at most 64 characters
_BOUNCE_PART = re.compile(r"\+([1-9][0-9]{0,17})-([0-9a-f]{24})@", re.IGNORECASE)
# The name of a provider in a path. Some refuse a URL that holds their own name.
CODES = {"africastalking": "s1", "twilio": "s2", "email": "e1"}


class Unsubscribing(NamedTuple):
    """The category and channel that the link of an e-mail switches off."""

    user_id: int
    category: str
    channel: str


def receipt_token(delivery_id: int) -> str:
    """Make the token with which a device says what became of a push message."""
    return signing.Signer(salt=_RECEIPT).sign(str(delivery_id))


def delivery_of(token: str) -> int | None:
    """Return the delivery of a receipt's token; None for one that is not ours."""
    return _number(_RECEIPT, token)


def renewal_token(address_id: int, digest: str) -> str:
    """Make the token with which a browser renews or ends its push subscription without a login.

    `digest` is the hash of the subscription's endpoint: the token ends when that is replaced.
    """
    return signing.Signer(salt=_RENEWAL).sign(f"{address_id}-{digest[:_HASH_PART]}")


def renewing(token: str) -> tuple[int, str] | None:
    """Return the address of a renewal's token, and how its hash begins; None for one not ours."""
    try:
        number, _, digest = signing.Signer(salt=_RENEWAL).unsign(token).partition("-")
    except signing.BadSignature:
        return None
    return int(number), digest


def unsubscribe_url(user_id: int, category: str, channel: str = "email") -> str:
    """Return the URL for List-Unsubscribe, and for the link in an e-mail's text."""
    token = signing.Signer(salt=_UNSUBSCRIBE).sign_object([user_id, category, channel])
    return public_url(f"/u/{token}")


def unsubscribing(token: str) -> Unsubscribing | None:
    """Return what a link ends; None for a token that is not ours."""
    try:
        return Unsubscribing(*signing.Signer(salt=_UNSUBSCRIBE).unsign_object(token))
    except (signing.BadSignature, ValueError):
        return None


def bounce_address(base: str, delivery_id: int) -> str:
    """Return the signed address to which an e-mail's bounce goes: `bounces+17-3f…@acme.example`."""
    local, _, domain = base.rpartition("@")
    return f"{local}+{delivery_id}-{_bounce_sign(delivery_id, settings.SECRET_KEY)}@{domain}"


def bounced_delivery(address: str) -> int | None:
    """Return the delivery of a bounce's address; None for one that is not ours."""
    if (found := _BOUNCE_PART.search(address)) is None:
        return None
    number, given = int(found[1]), found[2].lower()
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    signs = [_bounce_sign(number, key) for key in keys]
    return number if any(constant_time_compare(sign, given) for sign in signs) else None


def _bounce_sign(delivery_id: int, key: str) -> str:
    signed = salted_hmac(_BOUNCE, str(delivery_id), secret=key, algorithm="sha256")
    return signed.hexdigest()[:_BOUNCE_SIGNS]


def callback_url(provider: str, delivery_id: int) -> str:
    """Return the URL to which a provider reports about one message."""
    token = signing.Signer(salt=_CALLBACK).sign(str(delivery_id))
    return hook_url(provider, token)


def called_back(token: str) -> int | None:
    """Return the delivery of a callback's token; None for one that is not ours."""
    return _number(_CALLBACK, token)


def hook_token(provider: str) -> str:
    """Return the secret part of the path to which a provider reports about all messages."""
    return signing.Signer(salt=_HOOK).signature(provider)


def is_hook_token(provider: str, token: str) -> bool:
    """Say whether a path's secret part is that of a provider."""
    try:
        signing.Signer(salt=_HOOK).unsign(f"{provider}:{token}")
    except signing.BadSignature:
        return False
    return True


def hook_paths(provider: str) -> list[str]:
    """Return how the paths of a provider's webhooks begin, under each of our keys."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    secrets = [signing.Signer(key=key, salt=_HOOK).signature(provider) for key in keys]
    return [f"/hooks/{CODES[provider]}/{secret}" for secret in secrets]


def hook_url(provider: str, *parts: str) -> str:
    """Return the URL of a provider's webhooks."""
    return public_url("/".join(("/hooks", CODES[provider], *parts)))


def public_url(path: str) -> str:
    """Return the public URL of one of our paths, never made of what a request says."""
    return f"{getattr(settings, 'CHANNELS', {}).get('PUBLIC_BASE_URL', '')}{path}"


def _number(salt: str, token: str) -> int | None:
    try:
        return int(signing.Signer(salt=salt).unsign(token))
    except (signing.BadSignature, ValueError):
        return None
