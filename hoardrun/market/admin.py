"""The admin of instruments and quotes. Staff choose what is traded; feeds write the quotes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from hoardrun.market import (
    admin_candles,  # noqa: F401 registers its page
    admin_rates,
    admin_sources,  # noqa: F401 registers its pages
    scaled,
)
from hoardrun.market.alerts import admin as alerts
from hoardrun.market.models import Instrument, Quote
from hoardrun.market.quotes import plain
from hoardrun.market.scaled import VOLUME_EXPONENT
from realtime.admin_bases.pages import ModelAdmin, ReadOnly

__all__ = ["InstrumentAdmin", "QuoteAdmin", "admin_rates", "alerts"]


@admin.register(Instrument)
class InstrumentAdmin(ModelAdmin):
    list_display = ("symbol", "name", "type", "last_price", "currency", "status", "is_active")
    list_editable = ("status", "is_active")
    list_filter = ("type", "status", "is_active", "currency")
    list_select_related = ("quote",)
    search_fields = ("symbol", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Leave the decimals to `manage.py market_rescale`: stored prices depend on them."""
        return () if obj is None else ("decimals",)

    @admin.display(description="last price", ordering="quote__price")
    def last_price(self, instrument: Instrument) -> str:
        quote: Quote | None = getattr(instrument, "quote", None)
        return "" if quote is None else scaled.text(quote.price, instrument.decimals)


@admin.register(Quote)
class QuoteAdmin(ReadOnly, ModelAdmin):
    """Quotes come from feeds."""

    list_display = ("instrument", "last", "percent", "traded", "source", "feed", "as_of")
    list_filter = ("instrument__type",)
    list_select_related = ("instrument",)
    ordering = ("instrument__symbol",)
    search_fields = ("instrument__symbol", "instrument__name")

    @admin.display(description="price", ordering="price")
    def last(self, quote: Quote) -> str:
        return f"{scaled.text(quote.price, quote.instrument.decimals)} {quote.instrument.currency}"

    @admin.display(description="change %", ordering="change_percent")
    def percent(self, quote: Quote) -> str:
        return "" if quote.change_percent is None else f"{quote.change_percent:+}"

    @admin.display(description="volume", ordering="volume")
    def traded(self, quote: Quote) -> str:
        return plain(scaled.unscale(quote.volume or 0, VOLUME_EXPONENT))
