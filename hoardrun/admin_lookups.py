"""The lookups by which a list of the admin may be compared: those of its own filters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.db.models import DateField, DateTimeField, Model
from django.utils.timezone import is_naive

YEARS = range(1900, 9000)  # within which every time zone has every moment


def is_of_filter(model: type[Model], paths: Iterable[str], lookup: str, value: Any) -> bool:
    """Say whether a filter of one of these paths makes a lookup with such a value."""
    known = list(paths)
    path, _, comparison = (lookup, "", "exact") if lookup in known else lookup.rpartition("__")
    if path not in known:
        return False
    field: Any = get_fields_from_path(model, path)[-1]
    is_date = isinstance(field, DateField)
    match comparison:
        case "exact":
            return not is_date or _is_moment(value)
        case "isnull":
            return bool(field.null)
        case "gte" | "lt":
            return is_date and _is_moment(value)
        case _:
            return False


def _is_moment(value: Any) -> bool:
    """Say whether a text is a date, or a time with its zone, that every database compares."""
    try:
        found: Any = DateTimeField().to_python(str(value))
    except (ValidationError, ValueError):
        return False
    return isinstance(found, datetime) and not is_naive(found) and found.year in YEARS
