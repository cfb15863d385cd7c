"""Show an address so that support recognises it, and nobody learns it. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

HEAD, TAIL = 4, 3  # digits of a phone number that are shown
HASH_SHOWN = 8
SERVICES = {"web": "web push", "fcm": "push by FCM", "apns": "push by APNs"}


def masked(channel: str, value: str, *, service: str = "", device: str = "", hash: str = "") -> str:
    """Return an address as it may be shown: 0722***000, a***@example.org, or a device's service."""
    if not value:
        return f"an address that is gone ({hash[:HASH_SHOWN]})" if hash else ""
    if channel == "sms":
        return _phone(value)
    if channel == "email":
        name, _, domain = value.rpartition("@")
        return f"{name[:1]}***@{domain}"
    shown = SERVICES.get(service, "push")
    if service == "web":
        shown = f"{shown} at {urlsplit(value).hostname or 'its service'}"
    return f"{shown} on {device}" if device else shown


def _phone(value: str) -> str:
    """Mask a number as its country writes it; a short one is hidden whole."""
    try:
        parsed = phonenumbers.parse(value)
        text = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    except NumberParseException:
        text = value
    digits = "".join(letter for letter in text if letter.isdigit())
    return f"{digits[:HEAD]}***{digits[-TAIL:]}" if len(digits) > HEAD + TAIL else "***"
