"""The alerts of users in the admin: to look at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q

from hoardrun.market.alerts import thresholds
from hoardrun.market.alerts.models import PriceAlert
from realtime.admin_bases.pages import ByKey, ReadOnly, users_found
from realtime.core.text import row_id


@admin.register(PriceAlert)
class PriceAlertAdmin(ReadOnly, ByKey):
    """The list of alerts, the newest first."""

    list_display = ("id", "user", "instrument", "kind", "number", "mode", "state", "fire_count")
    list_select_related = ("user", "instrument")
    linked_by = ("user__id__exact",)
    search_help_text = "An id, or how the name of a user begins"

    def matching(self, word: str) -> Q:
        return Q(pk=row_id(word)) | Q(user__in=users_found(word))

    @admin.display(description="threshold")
    def number(self, row: PriceAlert) -> str:
        return thresholds.text(row.threshold, row.metric, row.instrument.decimals)
