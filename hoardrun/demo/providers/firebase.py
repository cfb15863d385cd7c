"""Google's token endpoint and Firebase's HTTP v1 API."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hoardrun.demo.providers.http import Asked, Fake, Told, as_json

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
# One for all: a key of RSA takes long to make.
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Firebase(Fake):
    """`devices` says with which error a device's token is answered, as (status, code)."""

    def __init__(self, project: str = "acme-bank") -> None:
        super().__init__()
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

    def answer(self, asked: Asked) -> Told:
        if asked.path == "/token":
            return self._token(asked)
        if asked.path != f"/v1/projects/{self.project}/messages:send":
            return _error(404, "NOT_FOUND")
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.valid:
            return _error(401, "UNAUTHENTICATED")
        return self._send(asked.json().get("message", {}), asked.body)

    def _token(self, asked: Asked) -> Told:
        form = asked.form()
        try:
            claims = jwt.decode(
                form["assertion"], _KEY.public_key(), ["RS256"], audience=f"{self.url}/token"
            )
        except (KeyError, jwt.PyJWTError):
            return as_json(400, {"error": "invalid_grant"})
        is_right = claims["iss"] == self.email and claims["scope"] == SCOPE
        if not is_right or form["grant_type"] != GRANT or claims["exp"] > time.time() + 3600:
            return as_json(400, {"error": "invalid_grant"})
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self.tokens.append(token)
        self.valid.add(token)
        return as_json(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _send(self, message: dict[str, Any], body: bytes) -> Told:
        data, android = message.get("data", {}), message.get("android", {})
        is_bad = (
            not all(isinstance(value, str) for value in data.values())
            or not android.get("ttl", "0s").endswith("s")
            or android.get("priority") not in {None, "high", "normal"}
            or len(body) > 4096 + 500
        )
        if is_bad or not message.get("token"):
            return _error(400, "INVALID_ARGUMENT", bad_request=True)
        if found := self.devices.get(message["token"]):
            return _error(*found)
        name = f"projects/{self.project}/messages/0:{secrets.token_hex(8)}"
        self.ledger.append({**message, "name": name})
        return as_json(200, {"name": name})


def _error(status: int, code: str, *, bad_request: bool = False) -> Told:
    details: list[dict[str, Any]] = []
    if code not in {"UNAUTHENTICATED", "NOT_FOUND"}:
        details.append({"@type": _ERROR, "errorCode": code})
    if bad_request:
        details.append({"@type": _BAD_REQUEST, "fieldViolations": [{"field": "message.data"}]})
    return as_json(status, {"error": {"code": status, "status": code, "details": details}})
