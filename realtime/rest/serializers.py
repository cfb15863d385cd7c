"""Serializers that refuse what DRF would ignore or convert silently."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.settings import api_settings

from realtime.core.text import MAX_ID

MAX_NAMED = 20  # unknown names and errors in one answer
MAX_NAME = 64  # characters of one of them
_DIGITS = r"^[1-9][0-9]{0,17}$"


class WholeNumber(serializers.IntegerField):
    """An integer of JSON, or plain digits: DRF reads `1_0`, `2.0` and other scripts' digits too."""

    def to_internal_value(self, data: Any) -> int:
        is_plain = re.fullmatch(r"-?[0-9]{1,18}", data) if isinstance(data, str) else True
        if not is_plain or isinstance(data, float):
            self.fail("invalid")
        return int(super().to_internal_value(data))


@extend_schema_field(
    {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": MAX_ID},
            {"type": "string", "pattern": _DIGITS},
        ],
        "example": 17,
    }
)
class UserIdInput(WholeNumber):
    """The id of a user: a number, or the text that our answers write it as."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **options)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str) and not re.fullmatch(_DIGITS, data):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class StrictSerializer(serializers.Serializer[Any]):
    """Refuse surplus fields, and numbers for text: a mistake must not pass in silence.

    A list that is too long is refused before any of its items is checked. What is none of a few
    words is answered with all of them.
    """

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            if isinstance(field, serializers.ChoiceField) and len(field.choices) <= MAX_NAMED:
                known = f" Known are: {', '.join(map(str, field.choices))}."
                field.error_messages["invalid_choice"] += known
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            errors = surplus(data, self.fields, "field") or self._wrong(data)
            if errors:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)

    def _wrong(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        errors: dict[str, list[str]] = {}
        for name, field in self.fields.items():
            value = data.get(name)
            if reason := _too_long(field, value):
                errors[name] = [reason]
            elif not _is_text_where_due(field, value):
                errors[name] = [_not_text(field)]
        return errors


def checked(kind: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """Return what a body or a query says, as a serializer reads it. Raises ValidationError."""
    serializer = kind(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def surplus(given: Iterable[str], known: Collection[str], what: str) -> dict[str, list[str]]:
    """Describe the names that are not `known`: the first few, and how many there are."""
    names = [name for name in given if name not in known]
    about = f"Known are: {', '.join(known)}." if known else "None is known."
    shown = len(names) if len(names) <= MAX_NAMED else MAX_NAMED - 1
    errors = {str(name)[:MAX_NAME]: [f"Unknown {what}. {about}"] for name in names[:shown]}
    if shown < len(names):
        whole = f"There are {len(names)} unknown names; {shown} of them are listed."
        errors[api_settings.NON_FIELD_ERRORS_KEY] = [whole]
    return errors


def _too_long(field: serializers.Field[Any, Any, Any, Any], value: Any) -> str:
    """Say that a list has more elements than its field takes; empty if it has not."""
    limit = getattr(field, "max_length", None)
    is_list = isinstance(field, serializers.ListField) and isinstance(value, list)
    if not is_list or limit is None or len(value) <= limit:
        return ""
    return f"Give no more than {limit} elements, not {len(value)}."


def _not_text(field: Any) -> str:
    """Say that a field was given a number: in its own words, or in better ones than DRF's."""
    said = getattr(field, "child", field).error_messages["invalid"]
    is_plain = said == serializers.CharField.default_error_messages["invalid"]
    return "Give text, in quotes, not a number." if is_plain else str(said)


def _is_text_where_due(field: serializers.Field[Any, Any, Any, Any], value: Any) -> bool:
    """Say whether a text field was given text: DRF would take a number as well."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return all(_is_text_where_due(field.child, item) for item in value)
    return not isinstance(field, serializers.CharField) or not isinstance(value, int | float)
