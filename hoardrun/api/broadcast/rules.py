"""Who may broadcast and approve, and how much at once."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.views import APIView

from hoardrun.problems import StrictJSONParser

MAX_BODY_BYTES = 16 * 1024
BROADCAST = "realtime.broadcast"
APPROVE = "realtime.approve_broadcast"
MAX_ADDRESS_LENGTH = 64  # as the records have it


class _Staff(IsAdminUser):
    """Staff that has been given one of `rights`; superusers have them all."""

    rights: tuple[str, ...] = ()

    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        return super().has_permission(request, view) and any(map(user.has_perm, self.rights))


class MayBroadcast(_Staff):
    rights = (BROADCAST,)


class MayApprove(_Staff):
    rights = (APPROVE,)


class MaySeeWaiting(_Staff):
    rights = (BROADCAST, APPROVE)


class BroadcastParser(StrictJSONParser):
    """Read no more than a broadcast can need."""

    max_bytes = MAX_BODY_BYTES


def address_of(request: Request | HttpRequest) -> str:
    """Return the peer's address; a proxy's headers count only where the server trusts them."""
    return str(request.META.get("REMOTE_ADDR", ""))[:MAX_ADDRESS_LENGTH]
