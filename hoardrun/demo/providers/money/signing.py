"""Sign callbacks by RFC 9421, with a digest of the body by RFC 9530. Pure."""

from __future__ import annotations

import hashlib
import time
from base64 import b64encode
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

LIFE = 60


def headers(
    url: str, body: bytes, method: str, key: EllipticCurvePrivateKey, key_id: str
) -> dict[str, str]:
    """Return the headers of a signed callback."""
    parts, now = urlsplit(url), int(time.time())
    digest = b64encode(hashlib.sha512(body).digest()).decode()
    content_digest = f"sha-512=:{digest}:"
    covered = {
        "@method": method,
        "@authority": parts.netloc.lower(),
        "@path": parts.path,
        "content-digest": content_digest,
        "content-type": "application/json",
    }
    names = " ".join(f'"{name}"' for name in covered)
    parameters = (
        f'({names});alg="ecdsa-p256-sha256";keyid="{key_id}";created={now};expires={now + LIFE}'
    )
    lines = [f'"{name}": {value}' for name, value in covered.items()]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    r, s = decode_dss_signature(key.sign(base.encode(), ECDSA(SHA256())))
    signature = b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
    return {
        "Content-Digest": content_digest,
        "Content-Type": "application/json",
        "Signature-Input": f"sig-pp={parameters}",
        "Signature": f"sig-pp=:{signature}:",
    }
