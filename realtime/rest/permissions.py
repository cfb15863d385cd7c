"""Rights of staff over HTTP: those that the admin asks for, at every path."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


def staff_may(user: Any, right: str) -> bool:
    """Say whether a user is active staff that holds a right, such as `realtime.view_node`.

    To be staff is never enough; superusers hold every right.
    """
    return bool(user.is_staff and user.has_perm(right))


class StaffWith(BasePermission):
    """Let staff in that holds at least one of `rights`."""

    rights: tuple[str, ...] = ()

    def has_permission(self, request: Request, view: APIView) -> bool:
        return any(staff_may(request.user, right) for right in self.rights)
