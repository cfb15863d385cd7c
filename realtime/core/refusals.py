"""Refusals of HTTP requests before they reach Django, as problem details (RFC 9457).

The HTTP protocol and the gate create them; the ASGI application writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

# Our server puts its Refusal into the request's scope under this name. The application writes it,
# so that a refusal has the headers of every answer.
EXTENSION = "hoardrun.refusal"
# The application puts a function into a handshake's scope under this name. It takes the scope and
# returns the headers of every answer; the gate refuses with them.
HEADERS = "hoardrun.headers"


@dataclass(frozen=True)
class Refusal:
    """A status, a code for programs, and a sentence that says what to do."""

    status: HTTPStatus
    code: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)  # beside those of every refusal


HEAD_TOO_LARGE = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "headers_too_large",
    "The headers are too large; send fewer or shorter ones, or a shorter address.",
)
BODY_TOO_LATE = Refusal(
    HTTPStatus.REQUEST_TIMEOUT, "too_late", "The body did not arrive in time; send it again."
)
UNREADABLE = Refusal(HTTPStatus.BAD_REQUEST, "bad_request", "The request cannot be understood.")
HANDSHAKE_WITH_BODY = Refusal(
    HTTPStatus.BAD_REQUEST, "bad_request", "A WebSocket's handshake has no body."
)


def too_large(limit: int) -> Refusal:
    """Refuse a body of more than `limit` bytes."""
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"Send no more than {limit} bytes."
    )


def unreadable(reason: str) -> Refusal:
    """Refuse a request for the content of one of its parts."""
    return Refusal(HTTPStatus.BAD_REQUEST, "bad_request", reason)
