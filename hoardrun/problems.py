"""Every refusal over HTTP has one shape: problem details, as in RFC 9457.

`type`, `title`, `status`, `detail` and our `code`; where fields are wrong, `errors`
maps each to its reasons. Domain errors bring `code`, `status`, `title` and `extra`
themselves; what the frameworks raise is translated here.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import IO, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.response import Response
from rest_framework.views import set_rollback

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
API_PREFIXES = ("/api/", "/ws/", "/healthz", "/readyz")


class StrictJSONParser(JSONParser):
    """JSON whose nesting cannot exhaust the stack: that is the sender's fault, not ours."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError("The JSON is nested too deeply.") from None


def problem(status: int, code: str, detail: str, title: str = "", **extra: Any) -> dict[str, Any]:
    """Describe a refusal. `extra` cannot replace the standard members."""
    return {
        **extra,
        "type": "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception of a DRF view; None for what is a fault of ours."""
    body = _describe(error)
    if body is None:
        return None
    set_rollback()
    headers: dict[str, str] = {}
    if authenticate := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = authenticate
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    return Response(body, body["status"], headers=headers, content_type=CONTENT_TYPE)


def _describe(error: Exception) -> dict[str, Any] | None:
    if isinstance(error, exceptions.ValidationError):
        return problem(
            400, "invalid_input", "Some fields are wrong; see `errors`.", errors=_fields(error.detail)
        )
    if isinstance(error, exceptions.APIException):
        return problem(error.status_code, _code(error), _sentence(error.detail))
    if isinstance(error, Http404):
        return problem(404, "not_found", "There is nothing here.")
    if isinstance(error, PermissionDenied):
        return problem(403, "permission_denied", "You may not do this.")
    if isinstance(error, ValidationError):
        errors = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        return problem(400, "invalid_input", "Some fields are wrong; see `errors`.", errors=errors)
    if isinstance(error, IntegrityError):
        return problem(409, "conflict", "Somebody else changed this meanwhile; look and try again.")
    if (code := getattr(error, "code", None)) and isinstance(getattr(error, "status", None), int):
        described: Any = error
        return problem(described.status, code, str(error), described.title, **described.extra)
    return None


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    if isinstance(codes, dict):  # simplejwt wraps its codes
        codes = codes.get("code") or codes.get("detail") or error.default_code
    return codes if isinstance(codes, str) else str(error.default_code)


def _sentence(detail: Any) -> str:
    if isinstance(detail, dict):
        detail = detail.get("detail") or next(iter(detail.values()), "")
    if isinstance(detail, list):
        detail = " ".join(map(str, detail))
    return str(detail)


def _fields(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Flatten DRF's nested errors to `field.subfield` and their reasons."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            found |= _fields(inner, f"{path}.{name}" if path else str(name))
        return found
    reasons = detail if isinstance(detail, list) else [detail]
    if any(isinstance(reason, dict) for reason in reasons):
        found = {}
        for index, inner in enumerate(reasons):
            if inner:
                found |= _fields(inner, f"{path}[{index}]")
        return found
    return {path or "non_field_errors": [str(reason) for reason in reasons]}


# -- what Django answers outside DRF's views


def _wants_problem(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIXES)


def _answer(status: int, code: str, detail: str) -> HttpResponse:
    return JsonResponse(problem(status, code, detail), status=status, content_type=CONTENT_TYPE)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _wants_problem(request):
        return _answer(400, "bad_request", "The request cannot be understood.")
    return defaults.bad_request(request, exception)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _wants_problem(request):
        return _answer(403, "permission_denied", "You may not do this.")
    return defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _wants_problem(request):
        return _answer(404, "not_found", "There is nothing here; /api/docs lists what is.")
    return defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    if _wants_problem(request):
        return _answer(500, "internal", "Something went wrong here; try again.")
    return defaults.server_error(request)
