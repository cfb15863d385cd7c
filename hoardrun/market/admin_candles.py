"""The admin of holes in candles; candles themselves are on the chart."""

from __future__ import annotations

from django.contrib import admin

from hoardrun.market.candles.spans import NAMES
from hoardrun.market.models import CandleHole
from realtime.admin_bases.pages import ModelAdmin, ReadOnly


@admin.register(CandleHole)
class CandleHoleAdmin(ReadOnly, ModelAdmin):
    """Holes come and go with what sources send; those that no source can fill are left."""

    list_display = ("instrument", "interval", "since", "until", "tries", "next_at", "is_left")
    list_filter = ("is_left", "minutes")
    list_select_related = ("instrument",)
    search_fields = ("instrument__symbol",)

    @admin.display(description="interval", ordering="minutes")
    def interval(self, hole: CandleHole) -> str:
        return NAMES[hole.minutes]
