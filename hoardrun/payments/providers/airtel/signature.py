"""The hash of Airtel's callbacks, over the bytes as they came. Pure.

Integrators disagree about what is hashed, and where the hash stands: both are settings, and the
enquiry decides anyway.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Literal

from hoardrun.payments.providers.interface import Verdict
from hoardrun.payments.reading import Unreadable, read_object

Hashed = Literal["body", "transaction"]


def verify(raw: bytes, headers: Mapping[str, str], *, secret: str, hashed: Hashed) -> Verdict:
    """Compare the hash of a callback with ours. Without a hash or a secret it is unproven."""
    try:
        body = read_object(raw)
    except Unreadable:
        return Verdict.UNPROVEN
    told = headers.get("hash") or body.get("hash")
    if not secret or not told:
        return Verdict.UNPROVEN
    message = _hashed(raw, body, hashed, is_in_body="hash" in body)
    ours = b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest())
    is_right = isinstance(told, str) and hmac.compare_digest(told.encode(), ours)
    return Verdict.GENUINE if is_right else Verdict.FORGED


def _hashed(raw: bytes, body: Mapping[str, object], hashed: Hashed, *, is_in_body: bool) -> bytes:
    if hashed == "transaction":
        return json.dumps(body.get("transaction"), separators=(",", ":"), default=str).encode()
    if not is_in_body:
        return raw
    # A hash cannot be of itself: of the body the transaction is left, as it was written.
    text = raw.decode()
    try:
        begin = text.index("{", text.index('"transaction"'))
        _, end = json.JSONDecoder().raw_decode(text, begin)
    except ValueError:
        return raw
    return f'{{"transaction":{text[begin:end]}}}'.encode()
