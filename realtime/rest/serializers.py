"""Serializers that take nothing in silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Refuse surplus fields: a misspelt one must not pass in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (surplus := set(data) - set(self.fields)):
            known = f"Known are: {', '.join(self.fields)}." if self.fields else "None is known."
            raise serializers.ValidationError(
                {str(name)[:64]: [f"Unknown field. {known}"] for name in sorted(surplus)}
            )
        return super().to_internal_value(data)
