"""Who may broadcast and approve, and how much at once."""

from __future__ import annotations

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


def address_of(request: Request | HttpRequest) -> str:
    """Return the peer's address; a proxy's headers count only where the server trusts them."""
    return str(request.META.get("REMOTE_ADDR", ""))[:MAX_ADDRESS_LENGTH]
