"""Send callbacks, by POST or by PUT, and from an address that is to be distrusted."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

SECONDS, TRIES = 10, 5
HOME, STRANGER = "127.0.0.1", "127.0.0.2"
# One of Safaricom's own addresses, which a forger writes where a careless reader looks.
CLAIMED = "196.201.214.200"


@dataclass(frozen=True)
class Letter:
    """A callback to be sent."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    method: Literal["POST", "PUT"] = "POST"
    source: str = HOME


def forged(letter: Letter) -> Letter:
    """Return a letter as somebody else would send it."""
    headers = {**letter.headers, "X-Forwarded-For": CLAIMED}
    return replace(letter, headers=headers, source=STRANGER)


def post(letter: Letter) -> tuple[int, bytes]:
    """Send a letter; return status and body of the answer, or 0 where there is none."""
    parts = urlsplit(letter.url)
    secure = parts.scheme == "https"
    link = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Content-Type": "application/json", **letter.headers}
    source = None if letter.source == HOME else (letter.source, 0)
    connection = link(parts.hostname or "", parts.port, timeout=SECONDS, source_address=source)
    try:
        connection.request(letter.method, path, letter.body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException):
        # A machine may have one address of its own only.
        return post(replace(letter, source=HOME)) if source else (0, b"")
    finally:
        connection.close()
