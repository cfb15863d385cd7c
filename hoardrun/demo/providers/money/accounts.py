"""The merchant's accounts, as the providers' portals have them. None of it is a secret."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PIN = "1234"  # of the merchant, which is sent sealed


def pem(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class Seal:
    """The key with which a provider has passwords sealed; it is made when it is first needed."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, 2048)

    @property
    def public_key(self) -> str:
        return pem(self._key.public_key())

    def sealed(self, secret: str = PIN) -> str:
        return b64encode(self._key.public_key().encrypt(secret.encode(), PKCS1v15())).decode()

    def opens(self, sealed: object) -> bool:
        """Say whether the merchant's PIN is inside."""
        try:
            secret = self._key.decrypt(b64decode(str(sealed), validate=True), PKCS1v15())
        except ValueError:
            return False
        return secret.decode("latin-1") == PIN


@dataclass(frozen=True)
class Mtn:
    """An account at MTN for one of its products, each of which has keys of its own."""

    user: str
    key: str
    subscription_key: str

    @classmethod
    def of(cls, product: str) -> Self:
        return cls(*(f"stub-{product}-{part}" for part in ("user", "key", "subscription")))


@dataclass(frozen=True)
class Daraja:
    """An account at Safaricom: a paybill."""

    consumer_key: str = "stub-daraja-consumer"
    consumer_secret: str = "stub-daraja-secret"
    shortcode: str = "600638"
    passkey: str = "stub-daraja-passkey"
    initiator: str = "stub-initiator"


@dataclass
class Airtel:
    """An application at Airtel. Its callbacks go to the one URL that is named here."""

    client_id: str = "stub-airtel-client"
    client_secret: str = "stub-airtel-secret"
    hash_secret: str = "stub-airtel-hash"
    callback_url: str = ""


@dataclass
class PawaPay:
    """An account at pawaPay. Its callbacks go to the URLs named here, and are signed."""

    api_token: str = "stub-pawapay-token"
    key_id: str = "STUB_KEY"
    deposit_url: str = ""
    payout_url: str = ""
    refund_url: str = ""
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def public_key(self) -> str:
        return pem(self.key.public_key())

    def call_at(self, url: str) -> None:
        """Send all callbacks to one URL."""
        self.deposit_url = self.payout_url = self.refund_url = url
