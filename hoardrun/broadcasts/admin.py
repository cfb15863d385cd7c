"""The record of broadcasts in the admin, where a second person decides on those that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from hoardrun.broadcasts.approval import broadcast_approve, broadcast_reject
from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from hoardrun.broadcasts.rules import APPROVE, staff_of
from hoardrun.broadcasts.state import state_of
from realtime.admin_bases.pages import ByKey, ReadOnly, users_named
from realtime.admin_bases.writes import act_on_each
from realtime.core.text import row_id


@admin.register(Broadcast)
class BroadcastAdmin(ReadOnly, ByKey):
    list_display = ("id", "kind", "target", "audience", "author", "state", "created")
    list_filter = ("needs_approval",)
    list_select_related = ("author", "decision")
    search_help_text = "A target, such as a user's id, or how the name of an author begins"
    actions = ("approve", "reject")

    def matching(self, word: str) -> Q:
        return Q(target=word) | Q(author__in=users_named(word))

    @admin.display
    def state(self, broadcast: Broadcast) -> str:
        """Say where it stands: sent at once, or what came of the wait."""
        return state_of(broadcast).value

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let users who may approve see the broadcasts that wait."""
        return super().has_view_permission(request, obj) or self.has_approve_permission(request)

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(APPROVE)

    @admin.action(description="Approve selected", permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Broadcast]) -> None:
        _decide(request, queryset, broadcast_approve, "approved and sent")

    @admin.action(description="Reject selected", permissions=["approve"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Broadcast]) -> None:
        _decide(request, queryset, broadcast_reject, "rejected")


@admin.register(BroadcastDecision)
class BroadcastDecisionAdmin(ReadOnly, ByKey):
    list_display = ("id", "broadcast", "approved", "decided_by", "address", "decided_at")
    list_select_related = ("broadcast", "decided_by")
    search_help_text = "The number of a broadcast, or how the name of its judge begins"

    def matching(self, word: str) -> Q:
        return Q(broadcast=row_id(word)) | Q(decided_by__in=users_named(word))


def _decide(
    request: HttpRequest, rows: QuerySet[Broadcast], service: Callable[..., Any], done: str
) -> None:
    """Decide on each, the oldest first; say how many it did, and why not the others."""
    by = staff_of(request)
    act_on_each(
        request,
        rows.order_by("pk").values_list("pk", flat=True),
        lambda pk: service(approver=by, broadcast_id=pk),
        lambda decided: f"{len(decided)} {done}.",
    )
