"""Google's token endpoint and Firebase's HTTP v1 API."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.http import Asked, Fake, Told, told
from hoardrun.demo.providers.mood import Trouble

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
# One for all: a key of RSA takes long to make.
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Firebase(Fake):
    """`devices` says with which error a device's token is answered, as (status, code)."""

    def __init__(self, project: str = "acme-bank", **more: Any) -> None:
        super().__init__(**more)
        self.project = project
        self.email = f"push@{project}.iam.gserviceaccount.example"
        self.devices: dict[str, tuple[int, str]] = {}
        self.tokens: list[str] = []
        self.valid: set[str] = set()

    @property
    def account(self) -> str:
        """The JSON of the service account that one downloads."""
        pem = _KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return json.dumps(
            {
                "type": "service_account",
                "project_id": self.project,
                "private_key_id": "k1",
                "private_key": pem,
                "client_email": self.email,
                "token_uri": f"{self.url}/token",
            }
        )

    @property
    def key(self) -> rsa.RSAPrivateKey:
        """The key of the service account."""
        return _KEY

    def answer(self, asked: Asked) -> Told:
        if asked.path == "/token":
            return self._token(asked)
        if asked.path != f"/v1/projects/{self.project}/messages:send":
            return told("fcm", "nowhere")
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.valid:
            return told("fcm", "unproven")
        try:
            message = asked.json()["message"]
        except (ValueError, KeyError, TypeError):
            return told("fcm", "receiver_missing")
        return self._send(message, asked.body)

    def troubled(self, trouble: Trouble) -> Told:
        return refused("QUOTA_EXCEEDED" if trouble == "too_many" else "UNAVAILABLE")

    def _token(self, asked: Asked) -> Told:
        form = asked.form()
        if form.get("grant_type") != GRANT:
            return told("fcm", "grant_missing")
        try:
            claims = jwt.decode(
                form["assertion"], _KEY.public_key(), ["RS256"], audience=f"{self.url}/token"
            )
        except (KeyError, jwt.PyJWTError):
            return told("fcm", "assertion_wrong")
        is_right = claims.get("iss") == self.email and claims.get("scope") == SCOPE
        if not is_right or claims.get("exp", 0) > time.time() + 3600:
            return told("fcm", "assertion_wrong")
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self.tokens.append(token)
        self.valid.add(token)
        return told("fcm", "token", token=token)

    def _send(self, message: dict[str, Any], body: bytes) -> Told:
        data, android = message.get("data", {}), message.get("android", {})
        if not message.get("token"):
            return told("fcm", "receiver_missing")
        is_bad = (
            not all(isinstance(value, str) for value in data.values())
            or not android.get("ttl", "0s").endswith("s")
            or android.get("priority") not in {None, "high", "normal"}
            or len(body) > 4096 + 500
        )
        if is_bad:
            return told("fcm", "payload_wrong")
        if found := self.devices.get(message["token"]):
            return refused(found[1], found[0])
        identifier = secrets.token_hex(8)
        name = f"projects/{self.project}/messages/0:{identifier}"
        self.ledger.accept(**message, name=name)
        return told("fcm", "sent", project=self.project, id=identifier)


def refused(code: str, status: int = 0) -> Told:
    """Return the answer of one code."""
    usual, called, message = literal.code("fcm", code)
    given = {"status": status or usual, "called": called, "message": message}
    return told("fcm", "refused", code=code, **given)
