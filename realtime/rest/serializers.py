"""Serializers that take nothing in silence."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Refuse surplus fields, and numbers for text: a mistake must not pass in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (surplus := set(data) - set(self.fields)):
            known = f"Known are: {', '.join(self.fields)}." if self.fields else "None is known."
            raise serializers.ValidationError(
                {str(name)[:64]: [f"Unknown field. {known}"] for name in sorted(surplus)}
            )
        if isinstance(data, Mapping):
            wrong = {
                name: ["Not a valid string."]
                for name, field in self.fields.items()
                if not _is_text_where_due(field, data.get(name))
            }
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


def _is_text_where_due(field: serializers.Field[Any, Any, Any, Any], value: Any) -> bool:
    """Say whether a text field was given text: DRF would take a number as well."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return all(_is_text_where_due(field.child, item) for item in value)
    if not isinstance(field, serializers.CharField) or getattr(field, "takes_numbers", False):
        return True
    return not isinstance(value, int | float | Decimal)
