"""Signatures of HTTP messages by RFC 9421, with the digest of the body by RFC 9530. Pure.

Only what a callback needs: ECDSA on P-256 with SHA-256, over the bytes as they came.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hoardrun.payments.providers.interface import Incoming, Verdict

# What must be signed for a signature to say anything.
NEEDED = frozenset({"@method", "@path", "content-digest"})
SKEW_SECONDS = 60
_INPUT = re.compile(r'([a-z*][a-z0-9_.*-]*)=(\(((?:"[^"()]+" ?)*)\)((?:;[a-z*][^;,]*)*))')
_PARAMETER = re.compile(r';([a-z*]+)=(?:"([^"]*)"|([0-9]+))')
_DIGESTS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}


def verify(incoming: Incoming, keys: Mapping[str, str], now: datetime) -> Verdict:
    """Say whether a callback was signed by one of these keys (PEM, by their ids).

    Without a signature, with an unknown key, or too late, it is unproven; with a wrong signature
    or another body it is forged.
    """
    found = _INPUT.fullmatch(incoming.headers.get("signature-input", "").strip())
    if found is None or "signature" not in incoming.headers:
        return Verdict.UNPROVEN
    label, covered = found[1], re.findall(r'"([^"]+)"', found[3])
    said = {name: text or number for name, text, number in _PARAMETER.findall(found[4])}
    pem = keys.get(said.get("keyid", ""))
    if pem is None or _is_over(said, now):
        return Verdict.UNPROVEN
    lines = [f'"{name}": {value}' for name in covered if (value := _value(incoming, name))]
    base = "\n".join([*lines, f'"@signature-params": {found[2]}'])
    is_right = (
        set(covered) >= NEEDED
        and len(lines) == len(covered) == len(set(covered))
        and _digest_is_right(incoming)
        and _is_signed(base, incoming.headers["signature"], label, pem)
    )
    return Verdict.GENUINE if is_right else Verdict.FORGED


def _is_over(said: Mapping[str, str], now: datetime) -> bool:
    expires = said.get("expires", "")
    return bool(expires) and now.timestamp() > int(expires) + SKEW_SECONDS


def _value(incoming: Incoming, name: str) -> str:
    match name:
        case "@method":
            return incoming.method
        case "@authority":
            return incoming.authority.lower()
        case "@path":
            return incoming.path.partition("?")[0]
        case _:
            return incoming.headers.get(name, "").strip()


def _digest_is_right(incoming: Incoming) -> bool:
    """Compare the digests of the body that we know; there must be one."""
    told = re.findall(r"([a-z0-9-]+)=:([A-Za-z0-9+/=]*):", incoming.headers["content-digest"])
    known = [(_DIGESTS[name], value) for name, value in told if name in _DIGESTS]
    return bool(known) and all(
        hmac.compare_digest(_decoded(value), digest(incoming.raw).digest())
        for digest, value in known
    )


def _is_signed(base: str, header: str, label: str, pem: str) -> bool:
    found = re.search(rf"(?:^|,)\s*{re.escape(label)}=:([A-Za-z0-9+/=]*):", header)
    key = load_pem_public_key(pem.encode())
    if found is None or not isinstance(key, EllipticCurvePublicKey):
        return False
    signature = _decoded(found[1])
    if len(signature) == 64:
        # As the RFC has it, and not in ASN.1, which some of its signers write.
        halves = (int.from_bytes(part) for part in (signature[:32], signature[32:]))
        signature = encode_dss_signature(*halves)
    try:
        key.verify(signature, base.encode(), ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""
