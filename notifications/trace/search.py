"""Find what to trace the other way round: by user and time, by an address, by a provider's id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

import phonenumbers
from msgspec import Struct
from phonenumbers import NumberParseException, PhoneNumberFormat

from notifications.addresses.values import address_hash
from notifications.choices import DeliveryState
from notifications.kinds import Channel
from notifications.kinds.lookup import general
from notifications.models import Delivery, Notification, Suppression
from notifications.trace.sendings import suppression_said
from notifications.trace.words import STATES
from realtime import clock
from realtime.trace.moments import stamp

MOST = 50
PERIOD = timedelta(days=7)  # that a search without a time looks back
# Their ids are unique by provider; one that is no longer configured has sent things, too.
PROVIDERS = ("africastalking", "twilio", "smtp", "email", "webpush", "fcm", "apns")


class Hit(Struct, frozen=True, kw_only=True):
    """A notification, or a delivery of something else, that a search has found."""

    at: str
    user_id: str
    notification_id: str | None
    delivery_id: str | None
    announcement_id: str | None = None
    kind: str
    text: str


def of_user(
    user_id: int, since: datetime | None = None, until: datetime | None = None
) -> list[Hit]:
    """Find the newest notifications of a user within a time."""
    now = clock.now()
    newest = Notification.objects.filter(user=user_id, created_at__lte=until or now)
    first = since or now - PERIOD
    # Not in the query, which would go through all that is older to fill its page.
    rows = [row for row in newest.order_by("-id")[:MOST] if row.created_at >= first]
    sent: dict[int, list[Delivery]] = defaultdict(list)
    for one in Delivery.objects.filter(notification__in=rows).order_by("rung", "pk"):
        sent[one.notification_id or 0].append(one)
    return [
        Hit(
            at=stamp(row.created_at),
            user_id=str(row.user_id),
            notification_id=str(row.pk),
            delivery_id=None,
            kind=row.kind or general(row.type),
            text=_summary(row, sent[row.pk]),
        )
        for row in rows
    ]


def of_address(value: str) -> tuple[list[Hit], str]:
    """Find the newest deliveries to an e-mail address or a phone number in international form.

    Return what suppresses it as well; "" for nothing.
    """
    channel, digest = place_of(value)
    rows = Delivery.objects.filter(address_hash=digest).order_by("-created_at")[:MOST]
    suppressions = Suppression.objects.filter(channel=channel, hash=digest).order_by("pk")
    said = suppression_said(suppressions, channel, digest)
    return _hits(rows), "" if said is None else f"{said.text} {said.advice}"


def of_provider(provider_id: str) -> list[Hit]:
    """Find the delivery to which a provider has given an id."""
    return _hits(Delivery.objects.filter(provider__in=PROVIDERS, provider_id=provider_id)[:MOST])


def place_of(value: str) -> tuple[Channel, str]:
    """Return the channel of an e-mail address or a phone number, and by what it is looked up."""
    channel: Channel = "email" if "@" in value else "sms"
    return channel, address_hash(channel, _normal(channel, value))


def _normal(channel: Channel, value: str) -> str:
    """Write an address as it is stored: a number that is none finds nothing."""
    text = value.strip()
    if channel == "email":
        name, _, domain = text.rpartition("@")
        return f"{name}@{domain.lower()}"
    try:
        return phonenumbers.format_number(phonenumbers.parse(text), PhoneNumberFormat.E164)
    except NumberParseException:
        return text


def _summary(row: Notification, sent: Iterable[Delivery]) -> str:
    """Say in one line where a notification stands."""
    state = "read" if row.read_at else "seen" if row.seen_at else "not seen"
    if row.published_at is None:
        state = "not published"
    outside = ", ".join(f"{one.channel} {one.state}" for one in sent)
    return f"{state}; {outside}" if outside else state


def _hits(rows: Iterable[Delivery]) -> list[Hit]:
    return [
        Hit(
            at=stamp(row.created_at),
            user_id=str(row.user_id),
            notification_id=None if row.notification_id is None else str(row.notification_id),
            delivery_id=str(row.pk),
            announcement_id=None if row.announcement_id is None else str(row.announcement_id),
            kind=row.kind,
            text=f"{row.channel}: {STATES[DeliveryState(row.state)].text}",
        )
        for row in rows
    ]
