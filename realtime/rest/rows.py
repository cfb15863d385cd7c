"""Answers that describe a row as the socket does.

A `RowOutput` answers with the message that its `payload` makes of a row. The columns say what its
fields are; it declares those that are written otherwise. Each field is always there, and ids are
text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from django.db import models
from rest_framework import serializers


class RowOutput(serializers.ModelSerializer[Any]):
    # Without a docstring, which the OpenAPI document would show as each answer's.
    payload: ClassVar[Callable[[Any], msgspec.Struct]]
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.BigAutoField: serializers.CharField,
    }

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        kind, options = super().build_standard_field(field_name, model_field)
        return kind, {name: options[name] for name in ("choices", "allow_null") if name in options}

    def build_property_field(self, field_name: str, model_class: Any) -> Any:
        return serializers.CharField, {}  # the id of another row

    def to_representation(self, instance: Any) -> dict[str, Any]:
        data: dict[str, Any] = msgspec.to_builtins(type(self).payload(instance))
        return data
