"""Check what services are given; each function returns the clean value or raises InvalidInput."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import TextChoices
from django.utils import timezone

from notifications.choices import Channel
from notifications.errors import InvalidInput

MAX_METADATA_BYTES = 8 * 1024  # half of what a wake-up carries inline
MAX_METADATA_DEPTH = 20  # readers recurse: a row nested too deeply could never be read again


def text(field: str, value: str, limit: int) -> str:
    """Return the text without surrounding blanks."""
    value = value.strip()
    if not value:
        raise InvalidInput(field, "must not be empty")
    if len(value) > limit:
        raise InvalidInput(field, f"has {len(value)} characters; at most {limit} fit")
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidInput(field, "holds characters that are not text; remove them")
    return value


def choice(field: str, value: str, choices: type[TextChoices]) -> str:
    """Return the value if it is one of `choices`."""
    if value not in choices.values:
        raise InvalidInput(field, f"is {value!r:.50}, not one of {', '.join(choices.values)}")
    return str(value)


def channels(values: Any) -> list[str]:
    """Return the channels, each once, in the order given."""
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        raise InvalidInput("channels", "must be a list of at least one channel")
    return list(dict.fromkeys(choice("channels", value, Channel) for value in values))


def metadata(value: Any) -> dict[str, Any]:
    """Return the mapping as plain JSON."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInput("metadata", "must be an object")
    try:
        plain: dict[str, Any] = msgspec.to_builtins(dict(value), str_keys=True)
        # Unlike msgspec, it refuses numbers that JSON has not, as 1e999 is read.
        encoded = json.dumps(
            plain, allow_nan=False, ensure_ascii=False, separators=(",", ":")
        ).encode()
        if len(encoded) > MAX_METADATA_BYTES:
            raise InvalidInput(
                "metadata", f"has {len(encoded)} bytes as JSON; at most {MAX_METADATA_BYTES} fit"
            )
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput("metadata", f"cannot be written as JSON: {error}") from None
    if b"\\u0000" in encoded:  # which PostgreSQL cannot store
        raise InvalidInput("metadata", "holds a NUL character; remove it")
    if _deeper_than(plain, MAX_METADATA_DEPTH):
        raise InvalidInput("metadata", f"is nested more than {MAX_METADATA_DEPTH} levels deep")
    return plain


def _deeper_than(value: Any, levels: int) -> bool:
    """Say whether a JSON value nests deeper, level by level, without recursion."""
    level = [value]
    for _ in range(levels):
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
        ]
    return any(isinstance(node, (dict, list)) for node in level)


def moment(field: str, value: datetime | None) -> datetime | None:
    """Return the moment if it says its time zone."""
    if value is not None and timezone.is_naive(value):
        raise InvalidInput(field, "has no time zone; add one, for example Z")
    return value


def future(field: str, value: datetime | None, now: datetime) -> datetime | None:
    """Return the moment if it lies after `now`."""
    value = moment(field, value)
    if value is not None and value <= now:
        raise InvalidInput(field, "lies in the past; give a later time")
    return value


def ordered(
    first_field: str, first: datetime | None, last_field: str, last: datetime | None
) -> None:
    """Refuse two moments in the wrong order."""
    if first is not None and last is not None and last <= first:
        raise InvalidInput(last_field, f"must be later than {first_field}")
