"""Check addresses, and hash them. Pure; what is wrong raises InvalidInput and is not repeated."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Mapping
from typing import Any

import phonenumbers
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from notifications.kinds import Channel
from realtime.errors import InvalidInput

MAX_EMAIL = 254
AUTH_BYTES = 16
POINT_BYTES = 65
# A kind of number that certainly takes no SMS. Of most others nobody can tell.
_NO_SMS = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}
_is_email = EmailValidator()


def address_hash(channel: Channel, value: str) -> str:
    """Return what an address is looked up by; case does not count in an e-mail address."""
    same = value.casefold() if channel == "email" else value
    return hashlib.sha256(f"{channel}:{same}".encode()).hexdigest()


def email(value: Any) -> str:
    """Check an e-mail address; the domain is written in small letters."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        _is_email(text)
    except ValidationError:
        text = ""
    name, _, domain = text.rpartition("@")
    if not name or len(text) > MAX_EMAIL:
        raise InvalidInput("value", "is no e-mail address; give one such as amina@example.org")
    return f"{name}@{domain.lower()}"


def phone(value: Any, countries: Collection[str]) -> str:
    """Check a phone number in international form, and return it in E.164.

    `countries` are those to which SMS go.
    """
    try:
        number = phonenumbers.parse(value if isinstance(value, str) else "", None)
    except NumberParseException:
        raise InvalidInput(
            "value", "is no phone number; give it with its country, such as +256 772 123 456"
        ) from None
    if not phonenumbers.is_valid_number(number):
        raise InvalidInput("value", "is no number that exists; look at its digits")
    if phonenumbers.region_code_for_number(number) not in countries:
        known = ", ".join(sorted(countries)) or "no country"
        raise InvalidInput(
            "value", f"is in a country to which no SMS go from here; they go to {known}"
        )
    if phonenumbers.number_type(number) in _NO_SMS:
        raise InvalidInput("value", "takes no SMS; give the number of a mobile phone")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def push_keys(value: Any) -> dict[str, str]:
    """Check the keys of a web push subscription: a point on the curve, and a secret of 16 bytes."""
    given = value if isinstance(value, Mapping) else {}
    point = _bytes("keys.p256dh", given.get("p256dh"))
    try:
        if len(point) != POINT_BYTES:
            raise ValueError("it is compressed, or none")
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        raise InvalidInput("keys.p256dh", "is no point on the curve P-256") from None
    secret = _bytes("keys.auth", given.get("auth"))
    if len(secret) != AUTH_BYTES:
        raise InvalidInput("keys.auth", f"has {len(secret)} bytes, not {AUTH_BYTES}")
    return {"p256dh": _text(point), "auth": _text(secret)}


def token(value: Any) -> str:
    """Check the token that FCM or APNs gave an app: visible ASCII."""
    text = value if isinstance(value, str) else ""
    if not re.fullmatch(r"[!-~]{1,1000}", text):
        raise InvalidInput("endpoint", "is no token of a push service")
    return text


def _bytes(name: str, value: Any) -> bytes:
    """Read base64url, with or without its padding."""
    text = value.rstrip("=") if isinstance(value, str) else ""
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found or len(text) > 2 * POINT_BYTES:
        raise InvalidInput(name, "is no base64url")
    return found


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
