"""Decisions on what is proven of customers, in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, Q
from django.http import HttpRequest

from hoardrun.payments.tiers.models import TierDecision
from hoardrun.payments.tiers.services import tier_decide
from realtime.admin_bases.pages import users_found
from realtime.admin_bases.writes import Kept, staff_id
from realtime.core.text import row_id


@admin.register(TierDecision)
class TierDecisionAdmin(Kept):
    """The list of decisions, the newest first: of a customer, the first one holds."""

    list_display = ("id", "user", "tier", "why", "decided_by", "created")
    list_select_related = ("user", "decided_by")
    linked_by = ("user__id__exact",)
    search_help_text = "An id, or how the name of a customer begins"
    add_fields = ("user", "tier", "why")
    autocomplete_fields = ("user",)

    def matching(self, word: str) -> Q:
        return Q(pk=row_id(word)) | Q(user__in=users_found(word))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def add(self, request: HttpRequest, data: dict[str, Any]) -> Model:
        return tier_decide(
            user_id=data["user"].pk, tier=data["tier"], why=data["why"], by=staff_id(request)
        )
