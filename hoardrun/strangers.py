"""Middleware: pages for people count strangers by address, together with the API."""

from __future__ import annotations

import math
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from hoardrun import problems
from hoardrun.api.throttles import EveryRequest


class Strangers(MiddlewareMixin):
    """Answer 429 to an address that asks for more pages without a login than STRANGER_RATE.

    The API counts by itself; probes and files are not counted. Behind AuthenticationMiddleware.
    """

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        if problems.is_program(request):  # which saves a change of threads
            passed: HttpResponseBase = await self.get_response(request)  # type: ignore[misc]
            return passed
        return await super().__acall__(request)

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        asked: Any = request
        if problems.is_program(request) or request.user.is_authenticated:
            return None
        throttle = EveryRequest()
        if throttle.allow_stranger(asked):
            return None
        return HttpResponse(
            "Too many requests from this address; come back later.\n",
            status=429,
            content_type="text/plain",
            headers={"Retry-After": str(max(1, math.ceil(throttle.wait())))},
        )
