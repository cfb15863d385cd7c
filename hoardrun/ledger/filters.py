"""The filters of `GET transactions`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField

from hoardrun.ledger.models import Transaction
from realtime.core.text import row_id


class MomentField(IsoDateTimeField):  # type: ignore[misc]
    """A moment in UTC. Refuses the first and last hours of the calendar, which have none."""

    def clean(self, value: Any) -> datetime | None:
        moment: datetime | None = super().clean(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError("Give a moment between the years 1 and 9999.") from None


class MomentFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]
    field_class = MomentField


class TransactionFilter(filters.FilterSet):  # type: ignore[misc]
    """Filters of `GET transactions`. A plain date as `to` includes that whole day."""

    account = filters.CharFilter(method="by_account", help_text="An account's id.")

    class Meta:
        model = Transaction
        fields = ("status", "type", "direction", "currency")

    @classmethod
    def get_filters(cls) -> dict[str, filters.Filter]:
        # Here, since `from` cannot be the name of an attribute.
        return {
            **super().get_filters(),
            "from": MomentFilter(
                field_name="created_at",
                lookup_expr="gte",
                help_text="Created at this moment or later.",
            ),
            "to": MomentFilter(
                field_name="created_at",
                method="until",
                help_text="Created at this moment or earlier; a date includes its whole day.",
            ),
        }

    def by_account(
        self, queryset: QuerySet[Transaction], name: str, value: str
    ) -> QuerySet[Transaction]:
        return queryset.filter(account_id=row_id(value))

    def until(
        self, queryset: QuerySet[Transaction], name: str, value: datetime
    ) -> QuerySet[Transaction]:
        sent: Any = self.data["to"]
        if len(sent.strip()) == len("2026-01-31"):
            value = value.replace(hour=23, minute=59, second=59, microsecond=999_999)
        return queryset.filter(created_at__lte=value)
