"""All reads of addresses. A user sees the own ones that are not removed."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q, QuerySet, Sum

from notifications.addresses.errors import AddressNotFound
from notifications.addresses.values import address_hash
from notifications.choices import AddressState
from notifications.kinds import Channel
from notifications.models import Address
from realtime.core.text import row_id


def addresses_list(user_id: int) -> QuerySet[Address]:
    """Select the addresses of a user: e-mail and phone, then push, the oldest first."""
    present = Address.objects.filter(user_id=user_id).exclude(state=AddressState.REMOVED)
    return present.order_by("channel", "id")


def address_get(*, user_id: int, address_id: int | str) -> Address:
    """Return one of a user's addresses. Raises AddressNotFound."""
    found = addresses_list(user_id).filter(pk=row_id(address_id)).first()
    if found is None:
        raise AddressNotFound
    return found


def address_is_proven(*, user_id: int, channel: Channel, value: str) -> bool:
    """Say whether a user has proven an address, given as it is stored."""
    wanted = address_hash(channel, value)
    return _proven(user_id, channel).filter(hash=wanted).exists()


def has_proven(*, user_id: int, channel: Channel) -> bool:
    """Say whether a user has proven any address of a channel."""
    return _proven(user_id, channel).exists()


def _proven(user_id: int, channel: Channel) -> QuerySet[Address]:
    return Address.objects.filter(user_id=user_id, channel=channel, state=AddressState.VERIFIED)


def codes_sent(rows: Q, since: datetime) -> int:
    """Count the codes that were sent to some addresses, also removed ones, since a time."""
    counted = Address.objects.filter(rows, codes_from__gt=since)
    return counted.aggregate(total=Sum(F("codes_sent")))["total"] or 0
