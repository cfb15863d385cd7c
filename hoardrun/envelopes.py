"""The headers of an answer that is written before Django is asked: those of Django's middleware.

The middleware itself says which they are, once for each kind of request, so that no second place
can differ from it. A request that it refuses or redirects has no envelope, and is left to Django.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple

from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse

from hoardrun.request_id import HEADER

MAX_KINDS = 1024
_OF_EACH = {HEADER.lower(), "content-length"}  # which each answer has of its own


class Kind(NamedTuple):
    """The parts of a request that the middleware reads, if nothing in it is unusual."""

    path: str
    scheme: str
    host: bytes
    origin: bytes
    forwarded: bytes  # X-Forwarded-Proto


class Envelope(NamedTuple):
    """The headers of an answer, and how addresses in it begin."""

    headers: tuple[tuple[bytes, bytes], ...]
    site: str


class Envelopes(BaseHandler):
    """Runs the middleware around an empty answer. Call it in a thread, not in the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()
        self.of = lru_cache(MAX_KINDS)(self._of)

    def _get_response(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(content_type="application/json")

    def _of(self, kind: Kind) -> Envelope | None:
        named = {b"host": kind.host, b"origin": kind.origin, b"x-forwarded-proto": kind.forwarded}
        scope = {
            "type": "http",
            "method": "GET",
            "path": kind.path,
            "scheme": kind.scheme,
            "query_string": b"",
            "headers": [pair for pair in named.items() if pair[1]],
        }
        request = ASGIRequest(scope, BytesIO())
        chain: Any = getattr(self, "_middleware_chain")  # noqa: B009 its types do not know it
        response: HttpResponse = chain(request)
        if response.status_code != 200:
            return None
        headers = [
            (name.lower().encode(), text.encode("latin-1"))
            for name, text in response.items()
            if name.lower() not in _OF_EACH
        ]
        try:
            return Envelope(tuple(headers), f"{request.scheme}://{request.get_host()}")
        except DisallowedHost:  # which probes may use
            return Envelope(tuple(headers), "")
