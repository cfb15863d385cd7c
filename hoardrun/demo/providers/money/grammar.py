"""What providers demand of ids, URLs and numbers. Pure."""

from __future__ import annotations

import ipaddress
import uuid
from urllib.parse import urlsplit

_THEIR_NAMES = ("mpesa", "safaricom")


def is_uuid4(text: object) -> bool:
    try:
        found = uuid.UUID(str(text))
    except ValueError:
        return False
    return found.version == 4 and str(found) == str(text).lower()


def is_named(url: str) -> bool:
    """Say whether a URL names a host, and no address."""
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(host)
    return False


def is_safe(url: object) -> bool:
    """Say whether Daraja calls a URL: without its own names, by HTTPS unless it is on loopback."""
    parts = urlsplit(str(url))
    is_near = parts.hostname in {"localhost", "127.0.0.1"}
    is_theirs = any(name in str(url).lower() for name in _THEIR_NAMES)
    return (parts.scheme == "https" or (parts.scheme == "http" and is_near)) and not is_theirs


def whole(value: object) -> int | None:
    """Return a whole number above zero, written as one or as a text."""
    text = str(value)
    is_plain = isinstance(value, int | str) and not isinstance(value, bool)
    return int(text) if is_plain and text.isdecimal() and text.isascii() and int(text) else None
