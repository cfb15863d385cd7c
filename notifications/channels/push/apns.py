"""Push to Apple's devices, over HTTP/2."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec.structs import replace

from notifications.channels import answers
from notifications.channels.message import Answer, Message, Target
from notifications.channels.options import ChannelOptions
from notifications.channels.push import payload
from notifications.kinds import Channel
from realtime.outgoing import Client, Outcome, Reply

NAME = "apns"
RENEWED_AFTER_SECONDS = 40 * 60  # Apple takes a token for an hour, and a new one after 20 minutes
# The ids of messages: the same one for each attempt.
_IDS = uuid.UUID("5f1d7f0e-6d0a-4a53-9a51-6d2b8f2f6c11")
_KEY_EXPIRED = "ExpiredProviderToken"
# The meaning of a refusal's `reason`.
REASONS: dict[str, answers.Meaning] = {
    "BadDeviceToken": answers.GONE,
    "DeviceTokenNotForTopic": answers.GONE,
    "Unregistered": answers.GONE,
    "ExpiredToken": answers.GONE,
    _KEY_EXPIRED: answers.LATER,  # the next attempt has a new one
    "PayloadTooLarge": answers.MISTAKE,
    "TooManyRequests": answers.LATER,
    "TooManyProviderTokenUpdates": answers.LATER,
    "InternalServerError": answers.UNKNOWN,
    "ServiceUnavailable": answers.LATER,
    "Shutdown": answers.LATER,
}


def read_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Read the key of an account. Raises ValueError for what cannot sign."""
    try:
        key = load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("is no PEM key of P-256")
    return key


def headers(message: Message, topic: str, authorization: str) -> dict[str, str]:
    """Build the headers. A repetition replaces what is shown under the same collapse id."""
    return {
        "authorization": authorization,
        "apns-topic": topic,
        "apns-push-type": "alert",
        "apns-priority": "10" if message.urgent else "5",
        "apns-expiration": str(int(message.expires_at.timestamp())),
        "apns-collapse-id": payload.topic(message),
        "apns-id": str(uuid.uuid5(_IDS, str(message.delivery_id))),
        "content-type": "application/json",
    }


def body(message: Message) -> bytes:
    """Build the payload. The app's extension may change it, and sends the receipt."""
    aps: dict[str, Any] = {
        "alert": {"title": message.content.title, "body": message.content.body},
        "sound": "default",
        "thread-id": message.thread or message.category,
        "interruption-level": "time-sensitive" if message.urgent else "active",
        "mutable-content": 1,
    }
    if message.unread is not None:
        aps["badge"] = message.unread
    if message.content.actions:
        # The app has registered what it shows under this name.
        aps["category"] = ".".join(one.name for one in message.content.actions)
    return msgspec.json.encode({"aps": aps, **payload.for_app(message)})


def parse(reply: Reply) -> Answer:
    """Read the answer of Apple."""
    if reply.status == 200:
        answer = answers.by_code(reply, "", answers.ACCEPTED)
        return replace(answer, provider_id=answers.identifier(reply.headers.get("apns-id")))
    found = answers.json_object(reply) or {}
    reason = found.get("reason")
    if not isinstance(reason, str) or reply.status is None:
        return answers.by_transport(reply)
    meaning = REASONS.get(reason)
    if meaning is None:
        return replace(answers.by_transport(reply), code=reason[: answers.MAX_CODE])
    return replace(answers.by_code(reply, reason, meaning), gone_at=_moment(found.get("timestamp")))


def _moment(milliseconds: object) -> datetime | None:
    if not isinstance(milliseconds, int):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


class Apns:
    """The provider."""

    name = NAME
    channel: Channel = "push"
    service = "apns"

    def __init__(self, options: ChannelOptions, client: Client) -> None:
        """Take a client that speaks HTTP/2. Raises ValueError for a key that cannot sign."""
        self.rate = options.push_pace
        self._options = options
        self._key = read_key(options.apns_key)
        self._client = client
        self._lock = threading.Lock()
        self._authorization, self._signed_at = "", 0.0  # by the monotonic clock
        self._sign()

    def host(self, to: Target) -> str:
        return self.name

    def send(self, message: Message) -> Answer:
        authorization = self._current()
        reply = self._client.call(
            "POST",
            f"{self._options.apns_url}/3/device/{quote(message.to.value, safe='')}",
            headers=headers(message, self._options.apns_topic, authorization),
            body=payload.fitted(message, body, payload.MAX_APP),
        )
        answer = parse(reply)
        if answer.code == _KEY_EXPIRED:
            self._drop(authorization)
        return answer

    def look_up(self, message: Message) -> Answer | None:
        return None

    def check(self) -> Answer:
        """Address a device that cannot exist: Apple looks at the login and the topic first."""
        reply = self._client.call(
            "POST",
            f"{self._options.apns_url}/3/device/{'0' * 64}",
            headers={
                "authorization": self._current(),
                "apns-topic": self._options.apns_topic,
                "apns-push-type": "alert",
            },
            body=b'{"aps":{}}',
        )
        answer = parse(reply)
        if answer.code == "BadDeviceToken":
            return Answer(outcome=Outcome.ACCEPTED, status=reply.status)
        return answer

    def _current(self) -> str:
        with self._lock:
            if time.monotonic() - self._signed_at > RENEWED_AFTER_SECONDS:
                self._sign()
            return self._authorization

    def _drop(self, authorization: str) -> None:
        with self._lock:
            if authorization == self._authorization:
                self._sign()

    def _sign(self) -> None:
        claims = {"iss": self._options.apns_team_id, "iat": int(time.time())}
        token = jwt.encode(claims, self._key, "ES256", {"kid": self._options.apns_key_id})
        self._authorization, self._signed_at = f"bearer {token}", time.monotonic()
