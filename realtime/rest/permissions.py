"""Rights of staff over HTTP: the same as in the admin."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


def staff_may(user: Any, right: str) -> bool:
    """Return True for active staff with a right, such as `realtime.view_node`.

    Being staff is never enough; superusers have every right.
    """
    return bool(user.is_staff and user.has_perm(right))


class StaffWith(BasePermission):
    """Allow staff with at least one of `rights`."""

    rights: tuple[str, ...] = ()

    def has_permission(self, request: Request, view: APIView) -> bool:
        return any(staff_may(request.user, right) for right in self.rights)
