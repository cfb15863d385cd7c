"""Serializers that take nothing in silence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

MAX_ID = 2**63 - 1
_DIGITS = r"^[1-9][0-9]{0,17}$"


@extend_schema_field(
    {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": MAX_ID},
            {"type": "string", "pattern": _DIGITS},
        ],
        "example": 17,
    }
)
class UserIdInput(serializers.IntegerField):
    """The id of a user: a number, or the text that our answers write it as."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **options)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str) and not re.fullmatch(_DIGITS, data):
            self.fail("invalid")
        return int(super().to_internal_value(data))


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
