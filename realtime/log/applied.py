"""Read which users have applied an event, by the cursors of their devices.

`realtime.reach` offers it to other apps.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from realtime.core.devices import SERVICE_PREFIX
from realtime.models import Cursor


class Applied(NamedTuple):
    """The device of a user that has applied an event, no later than `acked_at`."""

    device: str
    acked: int
    acked_at: datetime


def read_applied(
    stream: str, epoch: str, offset: int, user_ids: Collection[int]
) -> dict[int, Applied]:
    """Return the device of each of these users that is known to have applied an event first."""
    found = Cursor.objects.filter(
        user__in=user_ids, stream__name=stream, epoch=epoch, acked__gte=offset
    ).exclude(device__startswith=SERVICE_PREFIX)
    columns = ("user_id", "device", "acked", "updated_at")
    earliest_last = found.order_by("-updated_at").values_list(*columns)
    return {user_id: Applied(*device) for user_id, *device in earliest_last}
