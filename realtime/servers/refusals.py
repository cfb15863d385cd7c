"""What is answered over HTTP before the application is asked: problem details (RFC 9457)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Refusal:
    """An ASGI application that answers every request with one refusal."""

    status: HTTPStatus
    code: str
    detail: str
    retry_after: int | None = None  # seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = json.dumps(
            {
                "type": "about:blank",
                "title": self.status.phrase,
                "status": self.status.value,
                "detail": self.detail,
                "code": self.code,
            }
        ).encode()
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if self.retry_after is not None:
            headers.append((b"retry-after", str(self.retry_after).encode()))
        start = {"type": "http.response.start", "status": self.status.value, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})


HEAD_TOO_LARGE = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "headers_too_large",
    "The headers are too large; send fewer or shorter ones, or a shorter address.",
)
BODY_TOO_LATE = Refusal(
    HTTPStatus.REQUEST_TIMEOUT, "too_late", "The body did not arrive in time; send it again."
)
BODY_UNREADABLE = Refusal(
    HTTPStatus.BAD_REQUEST, "bad_request", "The request cannot be understood."
)
HANDSHAKE_WITH_BODY = Refusal(
    HTTPStatus.BAD_REQUEST, "bad_request", "A WebSocket's handshake has no body."
)


def too_large(limit: int) -> Refusal:
    """Refuse a body of more than `limit` bytes."""
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"Send no more than {limit} bytes."
    )
