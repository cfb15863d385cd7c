"""Limits for the head of a request: its size, and the headers that can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_HEAD_BYTES = 32 * 1024
MAX_HEADERS = 100
# These are read in time that grows with the square of their length (by Django's parser of
# parameters, and by Python's of cookies for each backslash), and are short in earnest.
MAX_CONTENT_TYPE = 512
MAX_ACCEPT = 1024
MAX_COOKIE_ESCAPES = 200

# RFC 2231 writes `name*=charset''value`. HTTP does not have that in these headers, but Django's
# parser decodes it, with any codec of Python, and raises what nothing behind it expects.
_ENCODED_PARAMETER = {
    b"content-type": re.compile(rb";.*\*", re.DOTALL),
    b"accept": re.compile(rb";[^,]*\*"),
}
# Django looks each charset up, and Python keeps each name that was ever looked up.
_CHARSET = re.compile(r";\s*charset\s*=(?!\s*(\"?)(?:utf-?8|us-ascii|ascii)\1\s*(?:;|\Z))", re.I)

Headers = Iterable[tuple[bytes, bytes]]


def is_too_dear(headers: Headers) -> bool:
    """Say whether headers are too large, or one would take long to read. Names in lower case."""
    size = number = content_type = accept = escapes = 0
    for name, value in headers:
        size += len(name) + len(value) + len(": \r\n")
        number += 1
        if name == b"content-type":
            content_type += len(value)
        elif name == b"accept":
            accept += len(value)
        elif name == b"cookie":
            escapes += value.count(b"\\")
    return (
        size > MAX_HEAD_BYTES
        or number > MAX_HEADERS
        or content_type > MAX_CONTENT_TYPE
        or accept > MAX_ACCEPT
        or escapes > MAX_COOKIE_ESCAPES
    )


def flaw(headers: Headers, query_string: bytes = b"") -> str:
    """Say what in a head cannot be read; empty if nothing. Names in lower case."""
    content_types = 0
    for name, value in headers:
        pattern = _ENCODED_PARAMETER.get(name)
        if pattern is None:
            continue
        if pattern.search(value):
            return f"{name.decode().title()}: Send parameters as name=value, without `*`."
        if name == b"content-type":
            content_types += 1
            if _CHARSET.search(value.decode("latin-1")):
                return "Content-Type: Send text in UTF-8."
    if content_types > 1:
        return "Content-Type: Send it once."
    try:
        query_string.decode()
    except UnicodeDecodeError:
        return "Query: Send text in UTF-8."
    return ""


def tokens(headers: Headers, header: bytes) -> list[bytes]:
    """Return the elements of a header that is a list, in lower case, however often it comes."""
    values = b",".join(value for name, value in headers if name == header)
    return [token for part in values.lower().split(b",") if (token := part.strip())]


def declared_length(headers: Headers) -> int | None:
    """Return how long a body is to be, 0 for one in chunks, None if there is none."""
    declared = None
    for name, value in headers:
        if name == b"transfer-encoding":
            return 0
        if name == b"content-length" and value.strip(b"0"):
            declared = int(value)  # the parser refuses what is no number
    return declared
