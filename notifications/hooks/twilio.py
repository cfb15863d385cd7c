"""Twilio: reports about one message each, and inbound SMS, as forms with a signature.

The signature is of the public URL, as Twilio was given it, and of the form. The URL is made of
PUBLIC_BASE_URL: what a proxy or a stranger writes into a request changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from notifications.channels.options import options
from notifications.channels.sms.twilio import CODES, FAILED, NAME
from notifications.delivery.receipts import Fact, Heard
from notifications.hooks import tokens, words
from notifications.hooks.incoming import MAX_KEY, Answer, Incoming, Said, Texted, form, wanted

STATUSES: dict[str, Fact] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    **dict.fromkeys(sorted(FAILED), "failed"),
}
INBOUND = "inbound"
_HEADER = "x-twilio-signature"


class Twilio:
    """The source of reports, whose path names the delivery, and of the topic inbound."""

    provider = NAME
    answers_by_sms = False

    def is_ours(self, incoming: Incoming) -> bool:
        if incoming.topic == INBOUND:
            return tokens.is_hook_token(NAME, incoming.token)
        return not incoming.topic and tokens.called_back(incoming.token) is not None

    def is_proven(self, incoming: Incoming) -> bool | None:
        key, given = options().twilio_auth_token, incoming.headers.get(_HEADER, "")
        return bool(key) and any(
            hmac.compare_digest(signature(key, url, incoming.body), given.encode(errors="replace"))
            for url in _spellings(incoming.url)
        )

    def read(self, incoming: Incoming) -> Said:
        fields = form(incoming.body)
        if incoming.topic == INBOUND:
            key, number = wanted(fields, "MessageSid", "From")
            text = fields.get("Body", "")
            return Said(texted=(Texted(event_key=key[:MAX_KEY], address=number, text=text),))
        return _report(fields, tokens.called_back(incoming.token))

    def reply(self, answers: Sequence[Answer]) -> tuple[str, str]:
        """Answer an SMS that ends or begins something, unless Twilio answers it by itself."""
        texts = [each.text for each in answers if not words.is_of_twilio(each.question)]
        body = "".join(f"<Message>{escape(text)}</Message>" for text in texts)
        return f"<Response>{body}</Response>", "text/xml"


def _report(fields: dict[str, str], delivery_id: int | None) -> Said:
    key, status = wanted(fields, "MessageSid", "MessageStatus")
    fact = STATUSES.get(status)
    if fact is None:
        return Said()
    code = fields.get("ErrorCode", "")
    meaning = CODES.get(int(code)) if code.isascii() and code.isdigit() else None
    heard = Heard(
        provider=NAME,
        event_key=f"{key[: MAX_KEY - 50]}:{status}",
        fact=fact,
        delivery_id=delivery_id,
        provider_id=key[:MAX_KEY],
        code=code or status,
        verdict=meaning.verdict if meaning and fact == "failed" else "",
    )
    return Said(heard=(heard,))


def signature(key: str, url: str, body: bytes) -> bytes:
    """Return what signs a form: its URL, then each name with its value, in their order."""
    pairs = sorted(set(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))
    text = url + "".join(f"{name}{value}" for name, value in pairs)
    digest = hmac.new(key.encode(), text.encode("utf-8", "replace"), hashlib.sha1).digest()
    return base64.b64encode(digest)


def _spellings(url: str) -> Iterator[str]:
    """Yield a URL as given, and as Twilio may sign it: with its port, or without."""
    yield url
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    for place in {f"{host}:{port}", host} - {parts.netloc}:
        yield parts._replace(netloc=place).geturl()
