"""Events of e-mails, in the words of django-anymail: as JSON, or from anymail's own signal.

A list of events, or one of them, is posted to `/hooks/e1/<token>`. With anymail installed, its
webhooks of all its providers end here as well.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from notifications.addresses.values import address_hash
from notifications.channels.message import Verdict
from notifications.delivery.receipts import Fact, Heard
from notifications.hooks import tokens
from notifications.hooks.incoming import MAX_KEY, Answer, Incoming, Left, Said
from realtime.core.text import all_text
from realtime.errors import InvalidInput

NAME = "email"
MAX_EVENTS = 1000
# SendGrid documents batches of 768 KB, Mandrill 1,000 events in a form, which are some 2 MB.
MAX_BYTES = 4 * 1024 * 1024
# Deferred is no news. Proxies open and click: statistics only.
FACTS: dict[str, Fact] = {
    "queued": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "bounced": "bounced",
    "rejected": "bounced",
    "failed": "failed",
    "complained": "complained",
    "opened": "opened",
    "clicked": "opened",
}
# For good: the mailbox does not exist. Others, such as a full one, may be over tomorrow.
HARD = frozenset({"invalid", "bounced"})
LEAVES = "unsubscribed"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event, as anymail's `AnymailTrackingEvent` has it."""

    event_type: str
    recipient: str | None = None
    event_id: str | None = None
    message_id: str | None = None
    timestamp: datetime | None = None
    reject_reason: str | None = None
    metadata: dict[str, Any] = {}


class Email:
    """The source of events of e-mails."""

    provider = NAME
    answers_by_sms = False

    def is_ours(self, incoming: Incoming) -> bool:
        return tokens.is_hook_token(NAME, incoming.token) and not incoming.topic

    def is_proven(self, incoming: Incoming) -> bool | None:
        return None

    def read(self, incoming: Incoming) -> Said:
        try:
            found = msgspec.json.decode(incoming.body, type=list[Event] | Event)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise InvalidInput("body", "It is no list of events.") from None
        if not all_text(msgspec.to_builtins(found)):
            raise InvalidInput("body", "It holds characters that are not text.")
        events = found if isinstance(found, list) else [found]
        if len(events) > MAX_EVENTS:
            raise InvalidInput("body", f"It has more than {MAX_EVENTS} events.")
        return said(events)

    def reply(self, answers: Sequence[Answer]) -> tuple[str, str]:
        return "", "text/plain"


def said(events: Sequence[Event]) -> Said:
    """Return what events say. Those of types that we do not know say nothing."""
    heard = tuple(found for event in events if (found := _heard(event)) is not None)
    leaving = [event for event in events if LEAVES in {event.event_type, event.reject_reason}]
    left = [Left(channel="email", address=event.recipient) for event in leaving if event.recipient]
    return Said(heard=heard, left=tuple(left))


def _heard(event: Event) -> Heard | None:
    fact, delivery_id = FACTS.get(event.event_type), _delivery(event)
    if fact is None or (delivery_id is None and not event.message_id):
        return None
    return Heard(
        provider=NAME,
        event_key=_key(event),
        fact=fact,
        delivery_id=delivery_id,
        provider_id=(event.message_id or "")[:MAX_KEY],
        address_hash=address_hash("email", event.recipient) if event.recipient else "",
        code=event.reject_reason or event.event_type,
        verdict=_verdict(event),
        happened_at=event.timestamp,
    )


def _delivery(event: Event) -> int | None:
    """Return the delivery, which went out in the metadata of the e-mail."""
    number = str(event.metadata.get("delivery", ""))
    return int(number) if re.fullmatch(r"[1-9][0-9]{0,17}", number) else None


def _key(event: Event) -> str:
    """Name an event; each repetition has the same name, under any number of the provider."""
    if event.event_id:
        return f"{event.event_id[:150]}:{event.event_type[:20]}"
    return hashlib.sha256(msgspec.json.encode(event, order="sorted")).hexdigest()


def _verdict(event: Event) -> Verdict:
    if event.event_type == "complained":
        return "complained"
    if FACTS.get(event.event_type) != "bounced":
        return ""
    return "bounced" if event.reject_reason in HARD else "rejected"
