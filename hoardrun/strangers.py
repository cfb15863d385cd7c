"""Middleware: pages, and paths that lead nowhere, are counted together with the API."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from hoardrun.api import handlers, problems
from hoardrun.api.throttles import EveryRequest

# Paths whose views count by themselves, and probes, which are not counted. The console is a page.
_NOT_HERE = re.compile(r"/(?:(?:api|ws|hooks|u)/(?!test/?\Z)|(?:healthz|readyz)/?\Z)")
_TOO_MANY = "Too many requests; come back later."


class Strangers(MiddlewareMixin):
    """Answer 429 when a user, or an address without a login, asks for pages too often.

    The API counts by itself; probes and files are not counted. Behind AuthenticationMiddleware.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        return None if _NOT_HERE.match(request.path_info) else _refusal(request)


def counted(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Count the requests of a view under the API's paths that is not one of DRF."""

    @wraps(view)
    def counting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _refusal(request) or view(request, *args, **kwargs)

    return counting


def _refusal(request: HttpRequest) -> HttpResponse | None:
    throttle = EveryRequest()
    if throttle.allow_request(request, None):
        return None
    headers = {"Retry-After": str(max(1, math.ceil(throttle.wait())))}
    if handlers.is_program(request):
        body = problems.problem(HTTPStatus.TOO_MANY_REQUESTS, "throttled", _TOO_MANY)
        return problems.answer(body, headers)
    return HttpResponse(
        f"{_TOO_MANY}\n",
        status=HTTPStatus.TOO_MANY_REQUESTS,
        content_type="text/plain",
        headers=headers,
    )
