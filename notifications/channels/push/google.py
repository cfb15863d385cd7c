"""Access tokens of Google for a service account (RFC 7523)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from notifications.channels import answers
from notifications.channels.message import Answer
from realtime.outgoing import Client, Outcome, Reply

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
ASSERTION_SECONDS = 3600  # the longest that Google takes
RENEWED_BEFORE_SECONDS = 300
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class File(msgspec.Struct, frozen=True):
    """The fields that we need of a service account's JSON, which has more."""

    project_id: str
    client_email: str
    private_key: str
    private_key_id: str = ""
    token_uri: str = "https://oauth2.googleapis.com/token"


@dataclass(frozen=True)
class Account:
    """A service account, and its key: reading one of RSA takes a tenth of a second."""

    file: File
    key: rsa.RSAPrivateKey


def read_account(text: str) -> Account:
    """Read the JSON of a service account. Raises ValueError for what cannot sign."""
    try:
        file = msgspec.json.decode(text, type=File)
        key = load_pem_private_key(file.private_key.encode(), None)
        if isinstance(key, rsa.RSAPrivateKey):
            return Account(file, key)
    except (msgspec.DecodeError, ValueError, TypeError, UnsupportedAlgorithm):
        pass  # as if it were another kind of key
    raise ValueError("is no JSON of a service account with its private key")


def assertion(account: Account, now: int) -> str:
    """Sign the request for a token."""
    claims = {
        "iss": account.file.client_email,
        "scope": SCOPE,
        "aud": account.file.token_uri,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
    }
    return jwt.encode(claims, account.key, "RS256", {"kid": account.file.private_key_id})


class Tokens:
    """The access token of an account, asked for when it is needed. Thread-safe."""

    def __init__(self, account: Account, client: Client) -> None:
        self._account = account
        self._client = client
        self._lock = threading.Lock()
        self._token, self._ends_at = "", 0.0  # by the monotonic clock

    def get(self) -> str | Answer:
        """Return a token, or the answer to a message that cannot be sent without one."""
        with self._lock:
            if time.monotonic() < self._ends_at - RENEWED_BEFORE_SECONDS:
                return self._token
            form = {"grant_type": _GRANT, "assertion": assertion(self._account, int(time.time()))}
            reply = self._client.call(
                "POST",
                self._account.file.token_uri,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=urlencode(form).encode(),
            )
            found = answers.json_object(reply) or {}
            token, seconds = found.get("access_token"), found.get("expires_in")
            if reply.status != 200 or not isinstance(token, str) or not isinstance(seconds, int):
                return _no_token(reply)
            self._token, self._ends_at = token, time.monotonic() + seconds
            return token

    def drop(self, token: str) -> None:
        """Forget a token that was refused."""
        with self._lock:
            if token == self._token:
                self._ends_at = 0.0


def _no_token(reply: Reply) -> Answer:
    """Answer that the message was not sent: there was no token for it."""
    return Answer(
        outcome=Outcome.NOT_SENT,
        status=reply.status,
        code="no_access_token",
        retry_after_seconds=reply.retry_after_seconds,
        our_mistake=reply.status in {400, 401, 403},
    )
