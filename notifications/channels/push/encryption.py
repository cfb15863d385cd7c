"""Encrypt for one subscription, by RFC 8291: one record of aes128gcm. Pure but for randomness."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec

RECORD_SIZE = 4096
# A record holds the text, one byte of delimiter and a tag of 16 bytes. A longer text would need a
# second record, which push services refuse.
MAX_TEXT = RECORD_SIZE - 1 - 16
_AUTH_BYTES = 16


def from_base64(text: str) -> bytes:
    """Read base64url, with or without padding. Raises ValueError."""
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def encrypt(
    text: bytes,
    keys: Mapping[str, str],
    *,
    ephemeral: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Return the body of a push message. Tests give the ephemeral key and the salt.

    Raises ValueError for keys that are none, and for a text that one record does not hold.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"more than {MAX_TEXT} bytes do not fit into one record")
    secret = from_base64(keys.get("auth", ""))
    if len(secret) != _AUTH_BYTES:
        raise ValueError(f"the secret of a subscription has {_AUTH_BYTES} bytes")
    body: bytes = http_ece.encrypt(
        text,
        salt=salt,
        private_key=ephemeral or ec.generate_private_key(ec.SECP256R1()),
        dh=from_base64(keys.get("p256dh", "")),
        auth_secret=secret,
        rs=RECORD_SIZE,
        version="aes128gcm",
    )
    return body
