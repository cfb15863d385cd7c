"""Answers what is refused before Django is asked, with the headers that Django's answers have."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from hoardrun.api.problems import answer, problem
from hoardrun.cors import CorsMiddleware
from hoardrun.policies import add_policies
from hoardrun.request_id import add_request_id
from realtime.core.refusals import Refusal

# All that the middleware below reads of a request.
_READ = {b"origin": "HTTP_ORIGIN", b"x-request-id": "HTTP_X_REQUEST_ID"} | {
    b"access-control-request-method": "HTTP_ACCESS_CONTROL_REQUEST_METHOD"
}


async def refuse(refusal: Refusal, scope: Any, send: Any) -> None:
    """Answer a request over HTTP with a refusal.

    The answer has `X-Request-ID`, the policies and, for a page of an allowed origin, the headers
    of CORS. The preflight of such a page is answered as ever, so that the page reads the refusal
    of the request behind it.
    """
    response = _answer(refusal, scope)
    status, headers = response.status_code, _pairs(response)
    start = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": response.content})


def headers_of_all(scope: Any) -> list[tuple[bytes, bytes]]:
    """Return the headers that every answer has, for a handshake that is refused."""

    def give(request: HttpRequest) -> HttpResponseBase:
        return HttpResponse(
            headers={"X-Content-Type-Options": "nosniff"}, content_type="text/plain"
        )

    response: HttpResponse = add_request_id(add_policies(give))(_request(scope))
    del response.headers["Content-Type"]
    return _pairs(response)


def _pairs(response: HttpResponse) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), text.encode("latin-1")) for name, text in response.items()]


def _request(scope: Any) -> HttpRequest:
    request = HttpRequest()
    request.method = scope.get("method", "GET")
    request.path = request.path_info = scope.get("path", "")
    for name, value in scope["headers"]:
        if name in _READ:
            request.META[_READ[name]] = value.decode("latin-1")
    return request


def _answer(refusal: Refusal, scope: Any) -> HttpResponse:
    def give(request: HttpRequest) -> HttpResponseBase:
        body = problem(refusal.status, refusal.code, refusal.detail)
        response = answer(body, {"X-Content-Type-Options": "nosniff", **refusal.headers})
        response.headers["Content-Length"] = str(len(response.content))
        return response

    marked = add_request_id(add_policies(CorsMiddleware(give)))
    response: HttpResponse = marked(_request(scope))
    return response
