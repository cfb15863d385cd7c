"""The rights to broadcast and to approve, and the person who acts."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest
from rest_framework.request import Request

from realtime.rest.permissions import StaffWith

BROADCAST = "broadcasts.broadcast"
APPROVE = "broadcasts.approve_broadcast"
MAX_ADDRESS_LENGTH = 64  # as the records have it


class MayBroadcast(StaffWith):
    rights = (BROADCAST,)


class MayApprove(StaffWith):
    rights = (APPROVE,)


class MaySeeWaiting(StaffWith):
    rights = (BROADCAST, APPROVE)


class Staff(NamedTuple):
    """The member of staff who acts, with the address of the request."""

    user_id: int
    address: str = ""


def staff_of(request: Request | HttpRequest) -> Staff:
    """Return the person who acts, with the address that a proxy tells only if it is trusted."""
    assert request.user.pk is not None  # the permission let the request in
    return Staff(request.user.pk, str(request.META.get("REMOTE_ADDR", ""))[:MAX_ADDRESS_LENGTH])
