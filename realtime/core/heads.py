"""How large the head of a request may be: its request line and its headers."""

from __future__ import annotations

from collections.abc import Iterable

MAX_HEAD_BYTES = 32 * 1024
MAX_HEADERS = 100
# What is read in time that grows with the square of its length (by Django's parser of
# parameters, and by Python's of cookies for each backslash), and is short in earnest.
MAX_CONTENT_TYPE = 512
MAX_COOKIE_ESCAPES = 200


def is_too_dear(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Say whether headers are too large, or one would take long to read. Names in lower case."""
    size = number = escapes = 0
    for name, value in headers:
        size += len(name) + len(value) + len(": \r\n")
        number += 1
        if name == b"content-type" and len(value) > MAX_CONTENT_TYPE:
            return True
        if name == b"cookie":
            escapes += value.count(b"\\")
    return size > MAX_HEAD_BYTES or number > MAX_HEADERS or escapes > MAX_COOKIE_ESCAPES
