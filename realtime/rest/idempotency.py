"""The header `Idempotency-Key`: one way to read, refuse and document it."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
MAX_LENGTH = 200
# Visible ASCII, which headers carry unchanged. No comma: servers join repeated headers with it, and
# two keys would protect nothing.
PATTERN = r"^[!-+\--~]{1,200}\Z"
_WRONG = f"Give one key of 1 to {MAX_LENGTH} visible ASCII characters without a comma."


def key_of(request: Request) -> str | None:
    """Return the key of a request, None without one.

    Raises ValidationError for a key that is empty, repeated or does not match PATTERN.
    """
    key = request.headers.get(HEADER)
    if key is not None and not re.match(PATTERN, key):
        raise serializers.ValidationError({HEADER: [_WRONG]})
    return key


def into_body(request: Request, field: str) -> Any:
    """Return the body of a request whose key may be a field of it, with the header's key there.

    Raises ValidationError for a key as `key_of` does, and where both are given and differ.
    """
    key, body = key_of(request), request.data
    if key is None or not isinstance(body, dict):
        return body
    if body.get(field, key) != key:
        raise serializers.ValidationError({field: [f"Differs from the header {HEADER}. Send one."]})
    return {**body, field: key}


def refuse(request: Request, repeated: str = "Repeated, it is done twice.") -> None:
    """Raise ValidationError for a key that the operation would ignore."""
    if HEADER in request.headers:
        raise serializers.ValidationError({HEADER: [f"This request takes no key. {repeated}"]})


class KeyField(serializers.RegexField):
    """The key as a field of a body, with the same rules."""

    default_error_messages = {"invalid": _WRONG, "blank": _WRONG}

    def __init__(self, **options: Any) -> None:
        super().__init__(PATTERN, trim_whitespace=False, **options)


def parameters(about: str, *statuses: int, of: str = "the user's") -> list[OpenApiParameter]:
    """Return the OpenAPI parameters: the key, whose it is, and the header of a repeated answer."""
    schema = {"type": "string", "pattern": PATTERN.replace(r"\Z", "$")}
    return [
        OpenApiParameter(
            HEADER,
            schema,
            OpenApiParameter.HEADER,
            description=f"Repeat the request with the same key: {about} The key is {of}; "
            "with another request it is answered with 422.",
        ),
        OpenApiParameter(
            REPLAYED, str, OpenApiParameter.HEADER, response=list(statuses), description="`true`"
        ),
    ]
