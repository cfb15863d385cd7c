"""Refusals of HTTP requests before Django is asked, as problem details (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

# Under this name in the scope of a request, a server of ours says why it refuses the request.
# The application answers it, so that a refusal has the headers that every answer has.
EXTENSION = "hoardrun.refusal"
# Under this name in the scope of a handshake, the application gives a function of the scope that
# returns the headers which every answer has, for the gate to refuse with.
HEADERS = "hoardrun.headers"


@dataclass(frozen=True)
class Refusal:
    """A status, a code for programs, and a sentence on what to do."""

    status: HTTPStatus
    code: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)  # beside those of every refusal

    def body(self) -> bytes:
        """Write the problem details."""
        problem = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            "code": self.code,
        }
        return json.dumps(problem).encode()


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
    """Refuse a request for what one of its parts holds."""
    return Refusal(HTTPStatus.BAD_REQUEST, "bad_request", reason)
