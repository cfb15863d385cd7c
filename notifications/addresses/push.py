"""Push subscriptions: where browsers and apps can be reached.

A client posts its subscription at every start: so one that the browser has changed in silence is
known by then. The login and the subscription together are the proof; no code is needed. The worker
of a browser, which has no login, proves by a token that it is the one that was registered.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.db.models import F

from notifications.addresses import values
from notifications.addresses.errors import PushOff
from notifications.addresses.selectors import addresses_list
from notifications.addresses.services import leave, lock_user, take_from_others
from notifications.channels.options import options
from notifications.channels.push.vapid import KeyRing
from notifications.channels.registry import push_rules
from notifications.choices import AddressState
from notifications.delivery.closing import ladders_wake
from notifications.hooks import tokens
from notifications.models import Address
from notifications.preferences.values import locale as clean_locale
from notifications.validation import choice
from realtime import clock
from realtime.core.text import row_id
from realtime.errors import InvalidInput
from realtime.outgoing import addresses
from realtime.retry import one_transaction

SERVICES = ("web", "fcm", "apns")
MAX_SUBSCRIPTIONS = 20  # of one user; the one that was registered longest ago makes room


def push_key() -> dict[str, str]:
    """Return the key that a browser subscribes with, and its id. Raises PushOff without one."""
    key = _key_ring().current
    return {"key_id": key.id, "public_key": key.public}


def push_subscribe(
    *,
    user_id: int,
    service: str,
    endpoint: str,
    keys: Mapping[str, Any] | None = None,
    key_id: str = "",
    device: str = "",
    locale: str = "",
) -> tuple[Address, bool]:
    """Register a subscription, or again one that is known; return it, and whether it is new.

    It leaves any other user who had it, and replaces what the same device had before. Raises
    InvalidInput and PushOff.
    """
    choice("service", service, SERVICES)
    if service == "web":
        stored = _web_keys(keys, key_id)
        addresses.check(endpoint, push_rules(options()), field="endpoint")
    else:
        stored = None
        endpoint = values.token(endpoint)
    return _register(user_id, service, endpoint, stored, device, clean_locale(locale))


@one_transaction
def push_unsubscribe(*, user_id: int, address_id: int | str) -> None:
    """Remove a subscription, as at a logout. One that is gone, or another user's, is no error."""
    lock_user(user_id)
    for row in addresses_list(user_id).filter(channel="push", pk=row_id(address_id)):
        leave(row, "removed", clock.now())


def renewal_of(row: Address) -> str:
    """Return the token with which a browser renews a subscription; empty for an app's."""
    return tokens.renewal_token(row.pk, row.hash) if row.service == "web" else ""


def push_renew(
    *, token: str, endpoint: str, keys: Mapping[str, Any] | None = None, key_id: str = ""
) -> Address:
    """Replace a subscription by the one that its browser has changed it to; return that.

    `token` is the one that came with the old one, which needs no login and is void from then on:
    it returns the same row for the same endpoint, and nothing for any other. Raises InvalidInput
    and PushOff.
    """
    address_id, digest = _renewing(token)
    stored = _web_keys(keys, key_id)
    addresses.check(endpoint, push_rules(options()), field="endpoint")
    return _renew(address_id, digest, endpoint, stored)


@one_transaction
def push_leave(*, token: str) -> None:
    """Remove the subscription of a renewal's token. One that is gone is no error.

    Raises InvalidInput for a token that is not ours.
    """
    address_id, digest = _renewing(token)
    user_id = Address.objects.filter(pk=address_id).values_list("user_id", flat=True).first()
    if user_id is None:
        return
    lock_user(user_id)
    for row in addresses_list(user_id).filter(pk=address_id, hash__startswith=digest):
        leave(row, "removed", clock.now())


def _renewing(token: str) -> tuple[int, str]:
    found = tokens.renewing(token)
    if found is None:
        raise _void()
    return found


def _void() -> InvalidInput:
    return InvalidInput("token", "is none of ours, or void by now; register the subscription anew")


@one_transaction
def _renew(address_id: int, digest: str, endpoint: str, keys: dict[str, str]) -> Address:
    user_id = Address.objects.filter(pk=address_id).values_list("user_id", flat=True).first()
    if user_id is None:
        raise _void()
    lock_user(user_id)
    own = addresses_list(user_id).filter(channel="push")
    old = own.filter(pk=address_id, hash__startswith=digest).first()
    if old is None:
        # A browser that has not heard the answer asks again.
        again = own.filter(hash=values.address_hash("push", endpoint)).first()
        if again is None:
            raise _void()
        return again
    row, _ = _register(user_id, "web", endpoint, keys, old.device, old.locale)
    for each in own.filter(pk=old.pk).exclude(pk=row.pk):  # unless it went with its device
        leave(each, "replaced", clock.now())
    return row


def _web_keys(keys: Mapping[str, Any] | None, key_id: str) -> dict[str, str]:
    ring = _key_ring()
    key = ring.find(key_id)
    if key is None:
        raise InvalidInput("key_id", "is no key of ours; subscribe anew with that of `push/key`")
    return {**values.push_keys(keys), "vapid": key.id}


def _key_ring() -> KeyRing:
    """Return our keys for web push. Raises PushOff where there are none."""
    found = options()
    if not found.vapid_private_key:
        raise PushOff
    return _ring_of(found.vapid_private_key, tuple(found.vapid_previous_keys))


@lru_cache(maxsize=4)
def _ring_of(private_key: str, previous: tuple[str, ...]) -> KeyRing:
    return KeyRing(private_key, previous)


@one_transaction
def _register(
    user_id: int,
    service: str,
    endpoint: str,
    keys: dict[str, str] | None,
    device: str,
    locale: str,
) -> tuple[Address, bool]:
    lock_user(user_id)
    now = clock.now()
    digest = values.address_hash("push", endpoint)
    own = addresses_list(user_id).filter(channel="push")
    found = own.filter(hash=digest).first()
    row = found or Address(user_id=user_id, channel="push", hash=digest, created_at=now)
    take_from_others(row, now)
    if found is None:
        for old in _outdated(own, service, device):
            leave(old, "replaced", now)
    row.service, row.value, row.keys = service, endpoint, keys
    row.device, row.locale = device, locale
    row.state, row.touched_at = AddressState.VERIFIED, now
    row.verified_at = row.verified_at or now
    row.save()
    if found is None:
        ladders_wake(user_id)
    return row, found is None


def _outdated(own: Any, service: str, device: str) -> list[Address]:
    """Return what a new subscription replaces: that of its device, else the oldest of too many."""
    same = list(own.filter(service=service, device=device)) if device else []
    oldest = own.order_by(F("touched_at").desc())[MAX_SUBSCRIPTIONS - 1 :]
    return same or list(oldest)
