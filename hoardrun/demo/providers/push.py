"""A push service, with the browser behind it: it verifies who sends, and decrypts."""

from __future__ import annotations

import json
import re
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.http import Asked, Fake, Told, told
from hoardrun.demo.providers.mood import Trouble

_VAPID = re.compile(r"vapid t=([\w-]+\.[\w-]+\.[\w-]+),k=([\w-]+)")
MAX_BODY, MAX_TTL, DAY = 4096, 2_592_000, 86_400


def text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def raw(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


@dataclass(frozen=True)
class Subscription:
    """What a browser hands to its page, and the private key that it keeps."""

    endpoint: str
    keys: dict[str, str]
    private_key: ec.EllipticCurvePrivateKey
    sender: str  # the public key that it was made with


class PushService(Fake):
    """Speaks RFC 8030 with the refusals of Mozilla's service.

    What a browser cannot decrypt is accepted all the same, and shown to nobody: `shown` is None.
    """

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._subscriptions: dict[str, Subscription] = {}
        self._gone: set[str] = set()

    def subscribe(self, application_server_key: str) -> Subscription:
        key = ec.generate_private_key(ec.SECP256R1())
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        path = f"/wpush/v2/{secrets.token_urlsafe(24)}"
        keys = {"p256dh": text(point), "auth": text(secrets.token_bytes(16))}
        found = Subscription(self.url + path, keys, key, application_server_key)
        self._subscriptions[path] = found
        return found

    def unsubscribe(self, subscription: Subscription) -> None:
        path = subscription.endpoint.removeprefix(self.url)
        self._gone.add(path)
        self._subscriptions.pop(path, None)

    def answer(self, asked: Asked) -> Told:
        subscription = self._subscriptions.get(asked.path)
        if subscription is None:
            return _refused(103 if asked.path in self._gone else 102)
        if "ttl" not in asked.headers:
            return _refused(111)
        if not asked.headers["ttl"].isdigit() or int(asked.headers["ttl"]) > MAX_TTL:
            return _refused(112)
        if not re.fullmatch(r"[A-Za-z0-9]{0,32}", asked.headers.get("topic", "")):
            return _refused(113)
        if asked.headers.get("content-encoding") != "aes128gcm":
            return _refused(110)
        if len(asked.body) > MAX_BODY:
            return _refused(104)
        if refused := self._unproven(asked, subscription):
            return refused
        plain = _decrypted(asked.body, subscription)
        self.ledger.accept(
            endpoint=subscription.endpoint,
            text=plain,
            shown=json.loads(plain) if plain else None,
            topic=asked.headers.get("topic"),
            urgency=asked.headers.get("urgency"),
            ttl=int(asked.headers["ttl"]),
        )
        location = f"{self.url}/m/{secrets.token_urlsafe(16)}"
        return told("webpush", "taken", location=location, ttl=asked.headers["ttl"])

    def troubled(self, trouble: Trouble) -> Told:
        return _refused(202 if trouble == "too_many" else 201)

    def _unproven(self, asked: Asked, subscription: Subscription) -> Told | None:
        found = _VAPID.fullmatch(asked.headers.get("authorization", ""))
        if not found:
            return _refused(109)
        token, key = found.groups()
        if not Vapid02.verify(asked.headers["authorization"]):
            return _refused(109)
        claims: dict[str, Any] = json.loads(raw(token.split(".")[1]))
        is_timely = time.time() < claims.get("exp", 0) <= time.time() + DAY
        if claims.get("aud") != self.url or not is_timely or not claims.get("sub"):
            return _refused(109)
        return None if key == subscription.sender else _refused(109, 403)


def _decrypted(body: bytes, subscription: Subscription) -> bytes | None:
    """Decrypt a message as its browser does."""
    try:
        plain: bytes = http_ece.decrypt(
            body,
            private_key=subscription.private_key,
            auth_secret=raw(subscription.keys["auth"]),
            version="aes128gcm",
        )
    except (http_ece.ECEException, ValueError):
        return None
    return plain


def _refused(number: int, status: int = 0) -> Told:
    usual, message = literal.code("webpush", number)
    return told("webpush", "refused", code=number, status=status or usual, message=message)
