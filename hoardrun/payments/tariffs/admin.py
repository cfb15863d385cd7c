"""Tariffs and limits in the admin: added, and ended on a day. Their history says by whom."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, Q
from django.http import HttpRequest

from hoardrun.ledger.money import Currency
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.tariffs import services
from hoardrun.payments.tariffs.models import ProviderFee, ProviderLimit
from hoardrun.payments.tariffs.selectors import today
from realtime.admin_bases.pages import ModelForm
from realtime.admin_bases.writes import Kept
from realtime.core.text import row_id
from realtime.errors import InvalidInput

ABOUT = ("provider", "kind", "currency")
DAYS = ("valid_from", "valid_to")
_CHOICES = {
    "provider": [(name, name) for name in PROVIDERS],
    "currency": Currency.choices,
}


class TariffForm(ModelForm):
    """The form of a row: to add it, or to end it."""

    def clean_valid_to(self) -> Any:
        end = self.cleaned_data["valid_to"]
        if self.instance.pk and "valid_to" in self.changed_data:
            before = type(self.instance)._default_manager.get(pk=self.instance.pk)
            try:
                services.end_check(before, end)
            except InvalidInput as error:
                raise forms.ValidationError(error.errors["valid_to"][0].capitalize()) from None
        return end


class _Tariffs(Kept):
    form = TariffForm
    editable = ("valid_to",)
    search_help_text = "The number of a row, or the name of a provider"

    def matching(self, word: str) -> Q:
        return Q(pk=row_id(word)) | Q(provider=word.lower())

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if (choices := _CHOICES.get(db_field.name)) is not None:
            return forms.ChoiceField(choices=choices)
        return field

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let a row be taken back until the day on which it begins to hold."""
        has_right = request.user.has_perm(f"payments.delete_{self.opts.model_name}")
        return has_right and obj is not None and obj.valid_from > today()

    def construct_change_message(
        self, request: Any, form: Any, formsets: Any, add: Any = False
    ) -> Any:
        """Write into the history what was there before."""
        if add or "valid_to" not in form.changed_data:
            return super().construct_change_message(request, form, formsets, add)
        before, after = form.initial.get("valid_to"), form.cleaned_data["valid_to"]
        return f"valid_to: {before or 'open'} → {after}"


@admin.register(ProviderFee)
class ProviderFeeAdmin(_Tariffs):
    list_display = ("id", *ABOUT, "least", "most", "fixed", "percent", "payer", *DAYS)
    add_fields = (*ABOUT, "least", "most", "fixed", "percent", "payer", *DAYS)

    def add(self, request: HttpRequest, data: dict[str, Any]) -> Model:
        return services.fee_add(**data)


@admin.register(ProviderLimit)
class ProviderLimitAdmin(_Tariffs):
    list_display = ("id", *ABOUT, "tier", "least", "most", "per_day", *DAYS)
    add_fields = (*ABOUT, "tier", "least", "most", "per_day", *DAYS)

    def add(self, request: HttpRequest, data: dict[str, Any]) -> Model:
        return services.limit_add(**data)
