"""A test message to one of the user's own push subscriptions: sent at once, and nothing is stored.

It is no notification: it has no ladder, no delivery and no receipt.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from notifications.addresses.errors import AddressNotFound, PushNotSent
from notifications.addresses.selectors import address_get
from notifications.brand import brand
from notifications.channels.message import Content, Message, Target
from notifications.channels.registry import providers
from notifications.models import Address
from notifications.preferences.selectors import preferences_get
from realtime import clock
from realtime.outgoing import Outcome

LIFE = timedelta(minutes=10)
# These never change and name nobody, so that they need no translator's file.
_BODIES = {
    "en": "Notifications reach this device.",
    "sw": "Arifa zinafika kwenye kifaa hiki.",
    "fr": "Les notifications arrivent sur cet appareil.",
    "lg": "Obubaka butuuka ku kyuma kino.",
}


def push_test(*, user_id: int, address_id: int | str) -> None:
    """Send a test message to a push subscription of the user. Not in a transaction.

    Raises AddressNotFound and PushNotSent.
    """
    row = address_get(user_id=user_id, address_id=address_id)
    if row.channel != "push":
        raise AddressNotFound
    message = _message(row, preferences_get(user_id).locale or row.locale)
    for provider in providers("push", message.to):
        if provider.send(message).outcome in {Outcome.ACCEPTED, Outcome.UNKNOWN}:
            return
    raise PushNotSent


def _message(row: Address, locale: str) -> Message:
    now = clock.now()
    language = locale.partition("-")[0]
    language = language if language in _BODIES else "en"
    return Message(
        delivery_id=-secrets.randbits(48),  # no delivery has this number
        notification_id="test",
        user_id=row.user_id,
        kind="test",
        category="test",
        channel="push",
        to=Target(value=row.value, service=row.service, keys=row.keys or {}, device=row.device),
        content=Content(title=brand().name, body=_BODIES[language], locale=language),
        urgent=True,
        required=True,
        happened_at=now,
        expires_at=now + LIFE,
    )
