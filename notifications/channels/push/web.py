"""Push to browsers, by the Web Push protocol (RFC 8030)."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from msgspec.structs import replace

from notifications.channels import answers
from notifications.channels.message import Answer, Message, Target
from notifications.channels.options import ChannelOptions
from notifications.channels.push import payload
from notifications.channels.push.encryption import encrypt
from notifications.channels.push.vapid import KeyRing
from notifications.kinds import Channel
from realtime.outgoing import Client, Outcome, Reply

NAME = "webpush"
MAX_TTL = 2_592_000  # seconds, of Mozilla's service
_SMALL = 4 * payload.STEP  # what is sent once more where the first message was too large
_TOO_LARGE = 413
# The meaning of a push service's status; others mean what they do in HTTP.
STATUSES: dict[int, answers.Meaning] = {
    200: answers.ACCEPTED,
    201: answers.ACCEPTED,
    202: answers.ACCEPTED,
    204: answers.ACCEPTED,
    400: answers.MISTAKE,  # headers
    401: answers.MISTAKE,  # our key
    403: answers.MISTAKE,  # our key, or another one than the subscription's
    404: answers.GONE,
    406: answers.LATER,  # how Windows' service says 429
    410: answers.GONE,
    413: answers.MISTAKE,
    429: answers.LATER,
}


def headers(message: Message, authorization: str, now: datetime) -> dict[str, str]:
    """Build the headers. A repetition replaces what waits under the same topic."""
    life = int((message.expires_at - now).total_seconds())
    return {
        "TTL": str(min(max(life, 0), MAX_TTL)),
        "Urgency": "high" if message.urgent else "normal",
        "Topic": payload.topic(message),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "Authorization": authorization,
    }


def parse(reply: Reply) -> Answer:
    """Read the answer of a push service."""
    meaning = STATUSES.get(reply.status) if reply.status is not None else None
    if meaning is None:
        return answers.by_transport(reply)
    answer = answers.by_code(reply, "", meaning)
    if meaning.outcome is not Outcome.ACCEPTED:
        return answer
    return replace(answer, provider_id=answers.identifier(reply.headers.get("location")))


class WebPush:
    """The provider: the push services of all browsers, each paced by itself."""

    name = NAME
    channel: Channel = "push"
    service = "web"

    def __init__(self, options: ChannelOptions, client: Client) -> None:
        """Raises ValueError for keys that are none."""
        self.rate = options.push_pace
        self._client = client
        self._keys = KeyRing(options.vapid_private_key, options.vapid_previous_keys)
        self._subject = options.vapid_subject
        self._origin = options.public_base_url

    def host(self, to: Target) -> str:
        return f"push:{urlsplit(to.value).hostname}"

    def send(self, message: Message) -> Answer:
        answer = self._send(message, payload.MAX_WEB)
        if answer.status == _TOO_LARGE:
            answer = self._send(message, _SMALL)
        return answer

    def _send(self, message: Message, limit: int) -> Answer:
        key = self._keys.find(message.to.keys.get("vapid", ""))
        if key is None:
            # Nothing signs for it any more; the browser subscribes anew at its next start.
            return Answer(outcome=Outcome.REFUSED, code="vapid_key_unknown", our_mistake=True)
        try:
            body = encrypt(payload.fitted(message, self._build, limit), message.to.keys)
        except ValueError:
            return Answer(outcome=Outcome.REFUSED, code="subscription_keys", verdict="invalid")
        try:
            authorization = key.authorization(message.to.value, self._subject)
        except ValueError:
            return Answer(outcome=Outcome.REFUSED, code="vapid_claims", our_mistake=True)
        return parse(
            self._client.call(
                "POST",
                message.to.value,
                headers=headers(message, authorization, datetime.now(UTC)),
                body=body,
            )
        )

    def _build(self, message: Message) -> bytes:
        return payload.padded(payload.declarative(message, self._origin))

    def look_up(self, message: Message) -> Answer | None:
        return None

    def check(self) -> Answer:
        """Sign as for a call: a push service knows nobody before a browser subscribes."""
        self._keys.current.authorization("https://push.example.com/", self._subject)
        return Answer(outcome=Outcome.ACCEPTED)
