"""The handlers that Django and DRF call where a view has no answer of its own.

A program is answered with problem details, a person with Django's page.
"""

from __future__ import annotations

import json
import math
import sys
from http import HTTPStatus
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import escape
from django.views import csrf, defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions

from hoardrun.api.problems import answer, describe, problem
from realtime import log_context

PREFIXES = ("/api/", "/ws/", "/hooks/", "/healthz", "/readyz")  # where clients are programs
RETRY_AFTER_SECONDS = 1


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Answer an exception of a DRF view; None for what is a fault of ours."""
    body = describe(error)
    if body is None:
        return None
    if "holder" in body and not _is_staff(context.get("request")):
        del body["holder"]
    headers: dict[str, str] = {}
    if authenticate := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = authenticate
    if body["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if "retry_after" in body:
        headers["Retry-After"] = str(body["retry_after"])
    if isinstance(error, exceptions.Throttled):
        wait = getattr(error, "wait", None) or RETRY_AFTER_SECONDS
        headers["Retry-After"] = str(math.ceil(wait))
    return answer(body, headers)


def is_program(request: HttpRequest) -> bool:
    """Say whether a request is to a path at which clients are programs."""
    return request.path.startswith(PREFIXES)


@csrf_exempt
def not_found(request: HttpRequest) -> HttpResponse:
    """Answer a path under a prefix of ours that leads nowhere, with DEBUG and without."""
    return _to_program(Http404())


@csrf_exempt
def upgrade_required(request: HttpRequest) -> HttpResponse:
    """Answer plain HTTP where a socket is."""
    detail = "This is a WebSocket: connect to it with ws:// or wss://."
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    return answer(problem(426, "upgrade_required", detail), headers)


def bad_request(request: HttpRequest, reason: str) -> HttpResponse:
    """Answer a request that cannot be read, to a person or to a program."""
    program = is_program(request)
    found = answer(problem(400, "bad_request", reason)) if program else _page(400, escape(reason))
    # Outside of CommonMiddleware: without a length it is sent in chunks, which HTTP/1.0 lacks.
    found.headers["Content-Length"] = str(len(found.content))
    return found


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _to_program(exception) if is_program(request) else _page(400)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    program = is_program(request)
    return _to_program(exception) if program else defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    program = is_program(request)
    return _to_program(exception) if program else defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer what a view or a middleware raised; as in the API, an outage is a 503."""
    error = sys.exc_info()[1]  # Django calls handlers while it handles the error
    program = is_program(request)
    if isinstance(error, DatabaseError | InterfaceError):
        answered = exception_handler(error, {"request": request})
        if answered is not None:
            return answered if program else _outage_page(answered)
    if not program:
        return _page(500)
    return answer(problem(500, "internal", "Something went wrong here; try again later."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form, or a program with a browser's cookie, whose CSRF token is missing."""
    if not is_program(request):
        return csrf.csrf_failure(request, reason)
    return answer(problem(403, "csrf_failed", "The CSRF token is missing or wrong."))


def _to_program(error: Exception) -> HttpResponse:
    answered = exception_handler(error, {})
    assert answered is not None  # Django calls for a refusal or an outage, which are described
    return answered


def _page(status: int, details: str = "") -> HttpResponse:
    """Answer a person without a look at the request: Django's page reads the form again."""
    title = f"{HTTPStatus(status).phrase} ({status})"
    if request_id := log_context.request_id():
        details = f"{details} Request {escape(request_id)}.".lstrip()
    page = defaults.ERROR_PAGE_TEMPLATE % {"title": title, "details": details}
    return HttpResponse(page, status=status)


def _outage_page(answered: HttpResponse) -> HttpResponse:
    """Say to a person what another answer says to a program."""
    body = json.loads(answered.content)
    words = [body["detail"], body.get("holder", {}).get("text", "")]
    page = _page(answered.status_code, escape(" ".join(filter(None, words))))
    if "Retry-After" in answered.headers:
        page.headers["Retry-After"] = answered.headers["Retry-After"]
    return page


def _is_staff(request: Any) -> bool:
    """Say whether staff asked, as far as the database can be asked for that."""
    try:
        return bool(request.user.is_staff)
    except (AttributeError, DatabaseError, InterfaceError):
        return False
