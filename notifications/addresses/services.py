"""All changes of e-mail addresses and phone numbers.

Any user may claim an address; the one who proves it by a code becomes its only owner.
Each change is one transaction; codes are sent after it. The user is told of each, also at the
address that was replaced or removed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, cast

from django.contrib.auth import get_user_model
from django.db.models import Q

from notifications.addresses import codes, notices, values
from notifications.addresses.errors import (
    AddressKnown,
    ChannelOff,
    CodeNotSent,
    TooManyAddresses,
    TooManyCodes,
    WrongCode,
)
from notifications.addresses.selectors import address_get, addresses_list, codes_sent
from notifications.channels.options import options
from notifications.choices import AddressState
from notifications.delivery.closing import address_left, ladders_wake
from notifications.kinds import Channel
from notifications.models import Address
from notifications.preferences.selectors import preferences_get
from realtime import clock, jobs
from realtime.errors import InvalidInput, NotFound
from realtime.retry import one_transaction
from realtime.streams import user_stream

MAX_ADDRESSES = 5  # of one user by one channel
KEPT = timedelta(days=1)  # the text of one that was removed, for a last notice
PROVEN_FOR = timedelta(days=365)  # a phone number: networks give unused ones to others
LAPSING, LAPSING_SECONDS, LAPSING_AT_ONCE = "lapse_numbers", 86_400.0, 1000
_CHECKS: dict[str, Callable[[str], str]] = {
    "email": values.email,
    "sms": lambda value: values.phone(value, options().sms_countries),
}


def address_add(
    *, user_id: int, channel: str, value: str, replaces: int | str | None = None
) -> Address:
    """Claim an e-mail address or a phone number, and send a code there.

    Nothing else is sent there before `address_verify` has got that code. With `replaces`, another
    address of the user is removed then. Raises InvalidInput, AddressKnown, AddressNotFound,
    TooManyAddresses, TooManyCodes, ChannelOff and CodeNotSent.
    """
    if channel not in _CHECKS:
        raise InvalidInput("channel", f"takes one of {', '.join(_CHECKS)}")
    by = cast("Channel", channel)
    clean = _CHECKS[channel](value)
    if not codes.can_send(by):
        raise ChannelOff(by)
    row, code = _claim(user_id, by, clean, replaces)
    _send(row, code)
    return row


def address_send_code(*, user_id: int, address_id: int | str) -> Address:
    """Send another code to an address of the user; the one before it is void.

    Raises AddressNotFound, TooManyCodes, ChannelOff and CodeNotSent.
    """
    row, code = _renew(user_id, address_id)
    _send(row, code)
    return row


def address_verify(*, user_id: int, address_id: int | str, code: str) -> Address:
    """Prove an address by the code that was sent to it.

    From then on it is this user's alone. Raises AddressNotFound and WrongCode; a wrong code is
    counted.
    """
    row, tries_left = _prove(user_id, address_id, code)
    if tries_left is not None:
        raise WrongCode(tries_left)
    return row


@one_transaction
def address_remove(*, user_id: int, address_id: int | str) -> None:
    """Remove an e-mail address or a phone number; what waits to be sent there is cancelled.

    The user is told, there too. Raises AddressNotFound.
    """
    lock_user(user_id)
    row = address_get(user_id=user_id, address_id=address_id)
    was_proven = row.state == AddressState.VERIFIED
    leave(row, "removed", clock.now())
    if was_proven and row.channel != "push":
        notices.tell(row)


def addresses_forget() -> int:
    """Empty addresses that were removed more than KEPT ago; return how many. A job calls it."""
    gone = Address.objects.filter(
        ~Q(value=""), state=AddressState.REMOVED, removed_at__lt=clock.now() - KEPT
    )
    return gone.update(value="", keys=None)


def numbers_lapse() -> int:
    """Ask for new proof of the phone numbers that were proven PROVEN_FOR ago; return how many.

    A number may have gone to somebody else. It gets nothing before a code has come back again. A
    job calls it, on one node a day.
    """
    if not jobs.claim(LAPSING, LAPSING_SECONDS):
        return 0
    before = clock.now() - PROVEN_FOR
    old = Address.objects.filter(channel="sms", state=AddressState.VERIFIED, verified_at__lt=before)
    total = 0
    while some := list(old.order_by("pk").values_list("pk", flat=True)[:LAPSING_AT_ONCE]):
        total += old.filter(pk__in=some).update(state=AddressState.UNVERIFIED)
    return total


def lock_user(user_id: int) -> None:
    """Let one change of a user's addresses happen at a time. Raises NotFound."""
    users = get_user_model()._default_manager.select_for_update(no_key=True)
    if users.filter(pk=user_id).values_list("pk").first() is None:
        raise NotFound(f"There is no user {user_id}.")


def leave(row: Address, reason: Literal["removed", "replaced", "moved"], now: datetime) -> None:
    """Take an address from its owner, and cancel what waits to be sent there.

    One that its owner had proven and gives up keeps its text for a last notice, and the time from
    which that counts. All others lose it at once: nobody has proven them, or another user has.
    """
    is_told = row.state == AddressState.VERIFIED and row.channel != "push" and reason != "moved"
    row.state, row.code_hash = AddressState.REMOVED, ""
    row.removed_at = now if is_told else None
    if not is_told:
        row.value, row.keys = "", None
    row.save(update_fields=["state", "code_hash", "removed_at", "value", "keys"])
    address_left(row.pk, reason)


def take_from_others(row: Address, now: datetime) -> list[Address]:
    """Take an address from everybody else who had proven it; return their rows."""
    others = Address.objects.filter(
        channel=row.channel, hash=row.hash, state=AddressState.VERIFIED
    ).exclude(user_id=row.user_id)
    found = list(others.select_for_update(no_key=True))
    for other in found:
        leave(other, "moved", now)
    return found


@one_transaction
def _claim(
    user_id: int, channel: Channel, value: str, replaces: int | str | None
) -> tuple[Address, str]:
    lock_user(user_id)
    old = None
    if replaces is not None:
        old = address_get(user_id=user_id, address_id=replaces)
        if old.channel != channel:
            raise InvalidInput("replaces", "is an address of another channel")
    now = clock.now()
    digest = values.address_hash(channel, value)
    present = addresses_list(user_id).filter(channel=channel)
    row = present.filter(hash=digest).first()
    if row is not None and row.state == AddressState.VERIFIED:
        raise AddressKnown
    if row is None:
        if present.count() >= MAX_ADDRESSES:
            raise TooManyAddresses(MAX_ADDRESSES)
        row = Address(user_id=user_id, channel=channel, value=value, hash=digest, created_at=now)
    row.value, row.touched_at, row.replaces = value, now, old
    row.save()
    return row, _new_code(row, now)


@one_transaction
def _renew(user_id: int, address_id: int | str) -> tuple[Address, str]:
    lock_user(user_id)
    row = address_get(user_id=user_id, address_id=address_id)
    channel = cast("Channel", row.channel)
    if channel == "push" or not codes.can_send(channel):
        raise ChannelOff(channel)
    return row, _new_code(row, clock.now())


def _new_code(row: Address, now: datetime) -> str:
    """Give an address a new code, within the limits. Raises TooManyCodes."""
    if row.code_sent_at is not None and row.code_sent_at > now - codes.PAUSE:
        left = row.code_sent_at + codes.PAUSE - now
        raise TooManyCodes(int(left.total_seconds()) + 1)
    since = now - codes.PERIOD
    to_address = codes_sent(Q(channel=row.channel, hash=row.hash), since)
    if to_address >= codes.PER_ADDRESS or codes_sent(Q(user=row.user_id), since) >= codes.PER_USER:
        raise TooManyCodes(int(codes.PERIOD.total_seconds()))
    if row.codes_from is None or row.codes_from <= since:
        row.codes_from, row.codes_sent = now, 0
    code = codes.make()
    row.code_hash, row.code_tries = codes.digest(row.pk, code), 0
    row.code_expires_at, row.code_sent_at = now + codes.LIFE, now
    row.codes_sent += 1
    row.save()
    return code


def _send(row: Address, code: str) -> None:
    """Send a code, after the transaction that stored it. Raises CodeNotSent."""
    sent = codes.send(
        cast("Channel", row.channel),
        row.value,
        code,
        locale=preferences_get(row.user_id).locale,
        user_id=row.user_id,
    )
    if not sent:
        raise CodeNotSent


@one_transaction
def _prove(user_id: int, address_id: int | str, code: str) -> tuple[Address, int | None]:
    """Compare a code; return the row, and how many tries are left where it is wrong."""
    lock_user(user_id)
    row = address_get(user_id=user_id, address_id=address_id)
    now = clock.now()
    is_open = (
        row.code_hash
        and row.code_tries < codes.MAX_TRIES
        and row.code_expires_at is not None
        and row.code_expires_at > now
    )
    if not is_open or not codes.is_right(row.pk, code, row.code_hash):
        row.code_tries = min(row.code_tries + 1, codes.MAX_TRIES)
        row.save(update_fields=["code_tries"])
        return row, codes.MAX_TRIES - row.code_tries if is_open else 0
    others = take_from_others(row, now)
    old, is_new = row.replaces, row.state != AddressState.VERIFIED
    row.state, row.verified_at, row.touched_at = AddressState.VERIFIED, now, now
    row.code_hash, row.code_expires_at, row.replaces = "", None, None
    if old is not None and old.state != AddressState.REMOVED:
        leave(old, "replaced", now)
    row.save()
    ladders_wake(user_id)
    told = [*others, row] if is_new else others
    for each in sorted(told, key=lambda one: user_stream(one.user_id)):  # the order of locks
        notices.tell(each)
    return row, None
