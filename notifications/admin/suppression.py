"""Suppressions in the admin, and the requests to lift them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.db.models import Q, QuerySet
from django.forms import CharField, TextInput
from django.http import HttpRequest
from django.utils import timezone

from notifications.choices import LiftState, OutsideChannel
from notifications.models import Suppression, SuppressionLift
from notifications.suppressions.services import (
    MAY_DECIDE,
    MAY_LIFT,
    lift_confirm,
    lift_reject,
    suppression_lift,
)
from notifications.validation import WHY_LENGTH
from realtime.admin_bases.pages import ByKey, ReadOnly
from realtime.admin_bases.writes import act_on_each, note, staff_id
from realtime.retry import one_transaction

HASH_SHOWN = 12


class LiftForm(ActionForm):
    """The action's form, with the reason."""

    why = CharField(
        required=False,
        max_length=WHY_LENGTH,
        label="Reason:",
        widget=TextInput(attrs={"placeholder": "is kept, without personal data"}),
    )


@admin.register(Suppression)
class SuppressionAdmin(ReadOnly, ByKey):
    """The list of suppressed addresses.

    They are found by their whole hash: an address in a search would stand in the logs of requests.
    The page "Why" takes one, and leads here.
    """

    list_display = ("id", "channel", "address", "scope", "reason", "source", "until", "since")
    search_help_text = "A whole hash. By an address: search on the page Why"
    action_form = LiftForm
    actions = ("lift",)

    def matching(self, word: str) -> Q:
        return Q(channel__in=OutsideChannel.values, hash=word)

    @admin.display(description="Address (hash)")
    def address(self, row: Suppression) -> str:
        return f"{row.hash[:HASH_SHOWN]}…"

    @admin.display(description="Since")
    def since(self, row: Suppression) -> str:
        return f"{timezone.localtime(row.created_at):%Y-%m-%d %H:%M}"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_lift_permission(request)

    def has_lift_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_LIFT)

    @admin.action(
        description="Lift (after a complaint, a second person decides)", permissions=["lift"]
    )
    def lift(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        why = request.POST.get("why", "")

        @one_transaction
        def act(pk: int) -> SuppressionLift:
            row = suppression_lift(suppression_id=pk, by=staff_id(request), why=why)
            note(request, [row], f"{row.get_state_display()}: {row.why}")
            return row

        keys = list(queryset.order_by("pk").values_list("pk", flat=True))
        act_on_each(request, keys, act, _told)


@admin.register(SuppressionLift)
class SuppressionLiftAdmin(ReadOnly, ByKey):
    """The list of lifts and requests, with reasons. After a complaint a second person decides."""

    list_display = (
        "id", "channel", "reason", "why", "state", "asked_by", "asked_at", "decided_by",
    )  # fmt: skip
    list_select_related = ("asked_by", "decided_by")
    search_help_text = "The number of a request"
    actions = ("confirm", "reject")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_view_permission(request, obj)
        return may or self.has_take_back_permission(request)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_DECIDE)

    def has_take_back_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_LIFT) or self.has_decide_permission(request)

    @admin.action(description="Lift what another person asks for", permissions=["decide"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[SuppressionLift]) -> None:
        self._decide(request, queryset, lift_confirm)

    @admin.action(description="Reject, or take back", permissions=["take_back"])
    def reject(self, request: HttpRequest, queryset: QuerySet[SuppressionLift]) -> None:
        self._decide(request, queryset, lift_reject)

    def _decide(
        self,
        request: HttpRequest,
        queryset: QuerySet[SuppressionLift],
        service: Callable[..., SuppressionLift],
    ) -> None:
        @one_transaction
        def act(pk: int) -> SuppressionLift:
            row = service(lift_id=pk, by=staff_id(request))
            note(request, [row], f"{row.get_state_display()}.")
            return row

        keys = list(queryset.order_by("pk").values_list("pk", flat=True))
        act_on_each(request, keys, act, _told)


def _told(rows: list[SuppressionLift]) -> str:
    """Say what became of requests."""
    counted = ((state, sum(row.state == state for row in rows)) for state in LiftState)
    return ", ".join(f"{count}: {state.label.lower()}" for state, count in counted if count) + "."
