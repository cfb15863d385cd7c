"""The admin of sources of prices: their symbols and leaders, and the hours of venues."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from hoardrun.market.models import Holiday, Lease, Source, SourceSymbol, TradingSession
from realtime.admin_bases.pages import ModelAdmin, ReadOnly


@admin.register(Source)
class SourceAdmin(ModelAdmin):
    """Its leader writes all but whether it is stopped, and the note of its licence."""

    list_display = (
        *("name", "state", "reason", "since", "last_price_at", "lag_ms", "quarantined"),
        *("reconnects", "refused", "is_stopped"),
    )
    edited: ClassVar[tuple[str, ...]] = ("is_stopped", "licence")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [each.name for each in Source._meta.fields if each.name not in self.edited]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SourceSymbol)
class SourceSymbolAdmin(ModelAdmin):
    list_display = ("venue_symbol", "source", "instrument", "role", "is_enabled", "reason")
    list_filter = ("source", "role", "is_enabled")
    list_select_related = ("instrument",)
    autocomplete_fields = ("instrument",)
    search_fields = ("venue_symbol", "instrument__symbol")


@admin.register(TradingSession)
class TradingSessionAdmin(ModelAdmin):
    list_display = ("venue", "weekday", "kind", "opens", "closes", "timezone", "valid_from")
    list_filter = ("venue", "weekday", "kind")


@admin.register(Holiday)
class HolidayAdmin(ModelAdmin):
    list_display = ("day", "venue", "name", "opens", "closes")
    list_filter = ("venue",)
    date_hierarchy = "day"
    search_fields = ("name",)


@admin.register(Lease)
class LeaseAdmin(ReadOnly, ModelAdmin):
    """Show which process leads each source and the engine. Staff stop a source on its own page."""

    list_display = ("name", "holder", "epoch", "acquired_at", "expires_at")
