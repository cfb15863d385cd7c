"""The phones of the demo's customers: a number, a mailbox and a browser, each known as theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from notifications.addresses import values
from notifications.addresses.push import push_key, push_subscribe
from notifications.addresses.services import lock_user
from notifications.choices import AddressState
from notifications.delivery.closing import ladders_wake
from notifications.kinds import Channel
from notifications.models import Address
from realtime import clock
from realtime.retry import one_transaction

if TYPE_CHECKING:
    from hoardrun.demo.outside import Outside

DEVICE = "demo-phone"
NUMBERS = ("+256772000001", "+254722000002")  # in the order of DEMO_LOGINS


def customers() -> list[User]:
    """Return the demo's customers, in the order of their logins."""
    names = [each["username"] for each in settings.DEMO_LOGINS if each["role"] == "customer"]
    users: Any = get_user_model()
    found = {user.get_username(): user for user in users.objects.filter(username__in=names)}
    return [found[name] for name in names if name in found]


def equip(outside: Outside) -> None:
    """Give each customer a number and a mailbox, and subscribe their browser.

    A browser is a new one at each start, as the push service is; it replaces the one before.
    """
    for user, number in zip(customers(), NUMBERS, strict=False):
        _own(user.pk, "sms", number)
        _own(user.pk, "email", f"{user.get_username()}@hoardrun.example")
        key = push_key()
        browser = outside.push.subscribe(key["public_key"])
        push_subscribe(
            user_id=user.pk,
            service="web",
            endpoint=browser.endpoint,
            keys=browser.keys,
            key_id=key["key_id"],
            device=DEVICE,
        )


@one_transaction
def _own(user_id: int, channel: Channel, value: str) -> None:
    """Give an address to a user as if its code had come back, unless somebody has it."""
    lock_user(user_id)
    digest, now = values.address_hash(channel, value), clock.now()
    taken = Address.objects.filter(channel=channel, hash=digest)
    if taken.exclude(state=AddressState.REMOVED).exists():
        return
    Address.objects.create(
        user_id=user_id, channel=channel, value=value, hash=digest, state=AddressState.VERIFIED,
        created_at=now, touched_at=now, verified_at=now,
    )  # fmt: skip
    ladders_wake(user_id)


def reached_at(user_id: int) -> set[str]:
    """Return all numbers, mailboxes and browsers of a user, proven or not."""
    rows = Address.objects.filter(user_id=user_id).exclude(state=AddressState.REMOVED)
    return set(rows.values_list("value", flat=True))
