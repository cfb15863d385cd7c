"""The id of an HTTP request: in its answer, and in the records of what it changed.

A proxy that sends `X-Request-ID` chooses it; otherwise it is random. It serves to find
the request in logs. It proves nothing, since a client without a proxy may choose it too.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

HEADER = "X-Request-ID"
MAX_LENGTH = 64
_KEY = "hoardrun.request_id"
_FORM = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def request_id(request: Any) -> str:
    """Return the id of a request, of Django or of DRF; the same one at every call."""
    known: str | None = request.META.get(_KEY)
    if known is None:
        given = request.headers.get(HEADER, "")
        known = given if _FORM.fullmatch(given) else secrets.token_hex(16)
        request.META[_KEY] = known
    return known


@sync_and_async_middleware
def add_request_id(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Send the id with every answer."""

    def mark(request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers[HEADER] = request_id(request)
        return response

    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponse:
            answer: Awaitable[HttpResponse] = get_response(request)
            return mark(request, await answer)

        return answer_async

    def answer(request: HttpRequest) -> HttpResponse:
        return mark(request, get_response(request))

    return answer
