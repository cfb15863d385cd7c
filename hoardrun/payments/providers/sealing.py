"""Seal a password with a provider's public key, as Daraja and Airtel want it. Pure."""

from __future__ import annotations

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate


def seal(secret: str, pem: bytes) -> str:
    """Encrypt a secret for the owner of a key or a certificate. Raises ValueError for others."""
    is_certificate = b"BEGIN CERTIFICATE" in pem
    owner = load_pem_x509_certificate(pem) if is_certificate else None
    key = owner.public_key() if owner else load_pem_public_key(pem)
    if not isinstance(key, RSAPublicKey):
        raise ValueError("The provider's key is an RSA key.")
    return b64encode(key.encrypt(secret.encode(), PKCS1v15())).decode()
