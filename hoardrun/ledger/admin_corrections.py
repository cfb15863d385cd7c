"""Corrections of balances in the admin: one person asks, another approves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from hoardrun.ledger.choices import Direction
from hoardrun.ledger.corrections.models import Correction, CorrectionState
from hoardrun.ledger.corrections.services import (
    MAY_DECIDE,
    correction_approve,
    correction_ask,
    correction_reject,
)
from hoardrun.ledger.money import amount_human
from realtime.admin_bases.writes import Kept, act_on_each, note, staff_id
from realtime.core.text import row_id
from realtime.retry import one_transaction


class WaitingFilter(admin.SimpleListFilter):
    """Filter those on which nobody has decided."""

    title = "decision"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "waits for a second person")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Correction]
    ) -> QuerySet[Correction]:
        if self.value() != "1":
            return queryset
        return queryset.filter(state=CorrectionState.WAITING)


@admin.register(Correction)
class CorrectionAdmin(Kept):
    add_fields = (
        "account",
        "direction",
        "amount",
        "currency",
        "against",
        "provider",
        "why",
        "description",
    )
    shown = {"amount": ("money",), "currency": ()}
    autocomplete_fields = ("account",)
    list_display = ("id", "state", "money", "account", "against", "why", "asked_by", "decided_by")
    list_filter = (WaitingFilter,)
    list_select_related = ("account", "asked_by", "decided_by")
    search_help_text = "The number of a correction"
    linked_by = (WaitingFilter.parameter_name,)
    actions = ("approve", "reject")

    def matching(self, word: str) -> Q:
        return Q(pk=row_id(word))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_view_permission(request, obj)
        return may or self.has_take_back_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # only decided on

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_DECIDE)

    def has_take_back_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) or self.has_decide_permission(request)

    @admin.display(description="amount")
    def money(self, row: Correction) -> str:
        sign = "+" if row.direction == Direction.INBOUND else "\N{MINUS SIGN}"
        return f"{sign}{amount_human(row.amount, row.currency)}"

    def add(self, request: HttpRequest, data: dict[str, Any]) -> Correction:
        account = data.pop("account")
        account_id = None if account is None else account.pk
        return correction_ask(account_id=account_id, by=staff_id(request), **data)

    @admin.action(description="Approve what another person asks for", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Correction]) -> None:
        _decide(request, queryset, correction_approve)

    @admin.action(description="Reject, or take back", permissions=["take_back"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Correction]) -> None:
        _decide(request, queryset, correction_reject)


def _decide(
    request: HttpRequest, rows: QuerySet[Correction], service: Callable[..., Correction]
) -> None:
    """Decide on each, the oldest first; say what became of them, and why not of the others."""

    @one_transaction
    def act(pk: int) -> Correction:
        row = service(correction_id=pk, by=staff_id(request))
        note(request, [row], f"{row.get_state_display()}.")
        return row

    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    act_on_each(request, keys, act, _told)


def _told(rows: list[Correction]) -> str:
    """Say what became of corrections."""
    state = rows[0].get_state_display().lower()
    if len(rows) > 1:
        return f"{len(rows)} {state}."
    made = f": transaction #{rows[0].txn_id}" if rows[0].txn_id else ""
    return f"#{rows[0].pk} {state}{made}."
