"""Codes that prove an address, sent by a path of their own: at once, without a ladder or an inbox.

A code is no notification: it is stored as a hash only, it is in no log, it waits for no quiet time,
and it fails over to the next provider unless the first one may have sent it.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from notifications.brand import brand
from notifications.channels.direct import direct
from notifications.channels.message import Content, Message
from notifications.channels.registry import providers
from notifications.delivery import bill
from notifications.kinds import Channel
from realtime import clock
from realtime.outgoing import Outcome

DIGITS = 6
LIFE = timedelta(minutes=10)
MAX_TRIES = 5
PAUSE = timedelta(minutes=1)  # between two codes to one address of one user
PERIOD = timedelta(days=1)
PER_ADDRESS = 5  # codes in a period, over all users who claim the address
PER_USER = 10

_SALT = "notifications.addresses.codes"
# The only texts that need no translator's file: they never change, and name nobody.
_TITLES = {
    "en": "Your code",
    "sw": "Msimbo wako",
    "fr": "Votre code",
    "lg": "Koodi yo",
}
_BODIES = {
    "en": "{brand}: {code} is your code. It is good for 10 minutes. Give it to nobody.",
    "sw": "{brand}: {code} ni msimbo wako. Unatumika kwa dakika 10. Usimpe mtu yeyote.",
    "fr": "{brand}: {code} est votre code. Il est valable 10 minutes. Ne le donnez à personne.",
    "lg": "{brand}: {code} ye koodi yo. Ekola okumala eddakiika 10. Togiwa muntu yenna.",
}


def make() -> str:
    """Make a code that nobody can guess."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def digest(address_id: int, code: str) -> str:
    """Return what is stored of a code: worthless without our key, and for any other address."""
    return salted_hmac(_SALT, f"{address_id}:{code}", algorithm="sha256").hexdigest()


def is_right(address_id: int, code: str, stored: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(digest(address_id, code), stored)


def can_send(channel: Channel) -> bool:
    """Say whether this deployment has a provider of the channel."""
    return bool(providers(channel))


def send(channel: Channel, to: str, code: str, *, locale: str, user_id: int) -> bool:
    """Send a code now; return whether a provider took it, or may have. Not in a transaction.

    An SMS counts for the limits of its country and of money, and is not sent beyond them.
    """
    message = _message(channel, to, code, locale, user_id, clock.now())
    counted = bill.direct_take(to) if channel == "sms" else None
    if channel == "sms" and counted is None:
        return False
    for provider in providers(channel):
        answer = provider.send(message)
        if answer.outcome in {Outcome.ACCEPTED, Outcome.UNKNOWN}:
            if counted is not None:
                bill.direct_cost(counted, answer)
            return True
    return False


def _message(
    channel: Channel, to: str, code: str, locale: str, user_id: int, now: datetime
) -> Message:
    language = locale.partition("-")[0]
    language = language if language in _BODIES else "en"
    content = Content(
        title=_TITLES[language],
        body=_BODIES[language].format(brand=brand().name, code=code),
        locale=language,
    )
    return direct(channel, to, content, kind="code", user_id=user_id, now=now, life=LIFE)
