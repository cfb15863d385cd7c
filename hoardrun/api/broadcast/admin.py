"""The record of broadcasts in the admin, where others may approve those that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from hoardrun.api.broadcast.approval import Approver, broadcast_approve, broadcast_reject
from hoardrun.api.broadcast.errors import BroadcastError
from hoardrun.api.broadcast.rules import APPROVE, address_of
from hoardrun.api.broadcast.state import state_of
from realtime.admin import BroadcastAdmin
from realtime.models import Broadcast

admin.site.unregister(Broadcast)  # the engine's own page has no actions


@admin.register(Broadcast)
class DecidingAdmin(BroadcastAdmin):
    """Read the record; whoever may approve decides on what waits."""

    list_display = ("id", "kind", "target", "audience", "author", "state", "created")
    actions = ("approve", "reject")

    @admin.display
    def state(self, broadcast: Broadcast) -> str:
        """Say where it stands: sent at once, or what came of the wait."""
        return state_of(broadcast).value

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show whoever approves what there is to approve."""
        return super().has_view_permission(request, obj) or self.has_approve_permission(request)

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(APPROVE)

    @admin.action(description="Approve selected", permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Broadcast]) -> None:
        _decide(request, queryset, broadcast_approve, "approved and sent")

    @admin.action(description="Reject selected", permissions=["approve"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Broadcast]) -> None:
        _decide(request, queryset, broadcast_reject, "rejected")


def _decide(
    request: HttpRequest, rows: QuerySet[Broadcast], service: Callable[..., Any], done: str
) -> None:
    """Decide on each, the oldest first; say how many it did, and why not the others."""
    assert request.user.pk is not None  # the permission let the request in
    approver = Approver(request.user.pk, address_of(request))
    count = 0
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        try:
            service(approver=approver, broadcast_id=pk)
            count += 1
        except BroadcastError as error:
            messages.error(request, f"{pk}: {error}")
    if count:
        messages.success(request, f"{count} {done}.")
