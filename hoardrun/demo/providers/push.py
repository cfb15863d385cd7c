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

from hoardrun.demo.providers.http import Asked, Fake, Told, as_json

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
    """Speaks RFC 8030 with the refusals of Mozilla's service."""

    def __init__(self) -> None:
        super().__init__()
        self._subscriptions: dict[str, Subscription] = {}

    def subscribe(self, application_server_key: str) -> Subscription:
        key = ec.generate_private_key(ec.SECP256R1())
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        path = f"/wpush/v2/{secrets.token_urlsafe(24)}"
        keys = {"p256dh": text(point), "auth": text(secrets.token_bytes(16))}
        found = Subscription(self.url + path, keys, key, application_server_key)
        self._subscriptions[path] = found
        return found

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions = {
            path: each for path, each in self._subscriptions.items() if each != subscription
        }

    def answer(self, asked: Asked) -> Told:
        subscription = self._subscriptions.get(asked.path)
        if subscription is None:
            return _refused(410, 103)
        if not asked.headers.get("ttl", "").isdigit() or int(asked.headers["ttl"]) > MAX_TTL:
            return _refused(400, 111)
        if not re.fullmatch(r"[A-Za-z0-9]{0,32}", asked.headers.get("topic", "")):
            return _refused(400, 113)
        if asked.headers.get("content-encoding") != "aes128gcm":
            return _refused(400, 110)
        if len(asked.body) > MAX_BODY:
            return _refused(413, 104)
        if refused := self._unproven(asked, subscription):
            return refused
        plain = http_ece.decrypt(
            asked.body,
            private_key=subscription.private_key,
            auth_secret=raw(subscription.keys["auth"]),
            version="aes128gcm",
        )
        self.ledger.append(
            {
                "endpoint": subscription.endpoint,
                "text": plain,
                "shown": json.loads(plain),
                "topic": asked.headers.get("topic"),
                "urgency": asked.headers.get("urgency"),
                "ttl": int(asked.headers["ttl"]),
            }
        )
        location = f"{self.url}/m/{secrets.token_urlsafe(16)}"
        return Told(201, b"", {"Location": location, "TTL": asked.headers["ttl"]})

    def _unproven(self, asked: Asked, subscription: Subscription) -> Told | None:
        found = _VAPID.fullmatch(asked.headers.get("authorization", ""))
        if not found:
            return _refused(401, 109)
        token, key = found.groups()
        if not Vapid02.verify(asked.headers["authorization"]):
            return _refused(401, 109)
        claims: dict[str, Any] = json.loads(raw(token.split(".")[1]))
        is_timely = time.time() < claims.get("exp", 0) <= time.time() + DAY
        if claims.get("aud") != self.url or not is_timely or not claims.get("sub"):
            return _refused(401, 109)
        return None if key == subscription.sender else _refused(403, 109)


def _refused(status: int, number: int) -> Told:
    return as_json(status, {"code": status, "errno": number, "error": "refused"})
