"""Answers what is refused before Django is asked, with the headers that Django's answers have."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from hoardrun.api.problems import answer, problem
from hoardrun.cors import CorsMiddleware
from hoardrun.policies import add_policies
from hoardrun.request_id import add_request_id
from realtime.core.refusals import Refusal

# All that the middleware below reads of a request.
_READ = {b"origin", b"x-request-id", b"access-control-request-method"}
_NO_SNIFF = {"X-Content-Type-Options": "nosniff"}


async def refuse(refusal: Refusal, scope: Any, send: Any) -> None:
    """Answer a request over HTTP with a refusal.

    The answer has `X-Request-ID`, the policies and, for a page of an allowed origin, the headers
    of CORS. The preflight of such a page is answered as ever, so that the page reads the refusal
    of the request behind it.
    """

    def give(request: HttpRequest) -> HttpResponseBase:
        body = problem(refusal.status, refusal.code, refusal.detail)
        return answer(body, {**_NO_SNIFF, **refusal.headers})

    response: HttpResponse = add_request_id(add_policies(CorsMiddleware(give)))(_request(scope))
    response.headers["Content-Length"] = str(len(response.content))
    status, headers = response.status_code, _pairs(response)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})


def headers_of_all(scope: Any) -> list[tuple[bytes, bytes]]:
    """Return the headers that every answer has, for a handshake that is refused."""

    def give(request: HttpRequest) -> HttpResponseBase:
        return HttpResponse(headers=_NO_SNIFF, content_type="text/plain")

    response: HttpResponse = add_request_id(add_policies(give))(_request(scope))
    del response.headers["Content-Type"]
    return _pairs(response)


def _pairs(response: HttpResponse) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), text.encode("latin-1")) for name, text in response.items()]


def _request(scope: Any) -> ASGIRequest:
    headers = [pair for pair in scope["headers"] if pair[0] in _READ]
    found = {"method": "GET", "path": "", **scope, "headers": headers, "query_string": b""}
    return ASGIRequest(found, BytesIO())
