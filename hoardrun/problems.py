"""Every refusal over HTTP has one shape: problem details, as in RFC 9457.

`type`, `title`, `status`, `detail` and our `code`; where fields are wrong, `errors`
maps each to its reasons. What the frameworks raise is translated here; the apps raise
`Refused`, which says all of that itself.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import islice
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils.html import escape
from django.views import csrf, defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.parsers import JSONParser

from realtime.core.text import NOT_TEXT, all_text, is_text
from realtime.errors import Refused
from realtime.rest import strict_json
from realtime.rest.serializers import MAX_NAMED
from realtime.servers import bodies

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
PREFIXES = ("/api/", "/ws/", "/healthz", "/readyz")  # where clients are programs
WHOLE_BODY = "non_field_errors"  # the name in `errors` of what concerns no single field
RETRY_AFTER_SECONDS = 1
_NOTHING_HERE = "There is nothing here; /api/docs lists what there is."


class StrictJSONParser(JSONParser):
    """Read JSON of a bounded size; what cannot be read is the sender's fault, not ours.

    Raises BodyTooBig above what `realtime.servers.bodies` allows the path. A server of ours has
    refused that before; here it is refused whatever the server.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        body = _read(stream, bodies.limit_of(parser_context["request"].path))
        try:
            found = strict_json.loads(body)
        except strict_json.Unreadable as error:
            raise exceptions.ParseError(str(error)) from None
        if b"\\u" in body and not all_text(found):  # nothing else makes what is not text
            raise exceptions.ValidationError(_not_text(found))
        return found


def _not_text(found: Any) -> dict[str, list[str]]:
    """Name the fields that hold what is not text."""
    fields = found.items() if isinstance(found, dict) else ()
    wrong = [name for name, value in fields if is_text(name) and not all_text(value)]
    return {name: [NOT_TEXT] for name in wrong} or {WHOLE_BODY: [NOT_TEXT]}


class BodyTooBig(Refused):
    code = "too_large"
    status = 413
    text = "Send no more than {} bytes."


def _read(stream: IO[Any], limit: int) -> bytes:
    read = bytes(stream.read(limit + 1))
    if len(read) > limit:
        raise BodyTooBig(limit)
    return read


def problem(status: int, code: str, detail: str, title: str = "", **extra: Any) -> dict[str, Any]:
    """Describe a refusal; without a title it is no more than its HTTP status says.

    `extra` cannot replace the standard members.
    """
    return {
        **extra,
        "type": f"urn:problem-type:hoardrun:{code}" if title else "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }


def invalid(errors: Mapping[str, Any]) -> dict[str, Any]:
    """Describe input that is wrong, by field; of many fields, the first."""
    shown = dict(islice(errors.items(), MAX_NAMED))
    wrong = ", ".join(str(name) for name in shown if name != WHOLE_BODY)
    detail = f"Correct these fields: {wrong}." if wrong else " ".join(shown.get(WHOLE_BODY, ()))
    return problem(400, "invalid_input", detail, "Invalid input", errors=shown)


def answer(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JsonResponse:
    """Send a problem. Not a DRF response: its renderer could be of YAML or HTML."""
    return JsonResponse(
        body, status=body["status"], content_type=CONTENT_TYPE, headers=dict(headers or {})
    )


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Answer an exception of a DRF view; None for what is a fault of ours."""
    body = describe(error)
    if body is None:
        return None
    headers: dict[str, str] = {}
    if authenticate := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = authenticate
    if body["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, exceptions.Throttled):
        wait = getattr(error, "wait", None) or RETRY_AFTER_SECONDS
        headers["Retry-After"] = str(math.ceil(wait))
    return answer(body, headers)


def describe(error: Exception) -> dict[str, Any] | None:
    """Say what an exception means to whoever sent the request; None if it is our own fault."""
    match error:
        case Refused():
            return problem(error.status, error.code, str(error), error.title, **error.extra)
        case exceptions.ValidationError():
            return invalid(dict(islice(_by_field(error.detail), MAX_NAMED)))
        case exceptions.APIException():
            return problem(error.status_code, _code(error), _sentence(error.detail))
        case Http404():
            return problem(404, "not_found", _NOTHING_HERE)
        case PermissionDenied():
            return problem(403, "permission_denied", "You may not do this.")
        case ValidationError():
            has_fields = hasattr(error, "error_dict")
            return invalid(error.message_dict if has_fields else {WHOLE_BODY: error.messages})
        case RequestDataTooBig():
            return describe(BodyTooBig(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
        case SuspiciousOperation() | UnreadablePostError():
            return problem(400, "bad_request", "The request cannot be understood.")
    return _database(error)


def _database(error: Exception) -> dict[str, Any] | None:
    """Describe what the database refuses. Only the first line is logged: others hold values."""
    match error:
        case IntegrityError():
            logger.warning("refused by a constraint: %s", str(error).partition("\n")[0])
            return problem(
                409, "conflict", "Somebody else changed this meanwhile; look, then try again."
            )
        case DataError() | OverflowError():  # SQLite's of a number, where PostgreSQL has an error
            logger.warning("refused by a column: %s", str(error).partition("\n")[0])
            return problem(400, "invalid_input", "A value does not fit; send a smaller one.")
        case OperationalError():
            logger.error("the database does not answer", exc_info=error)
            return problem(503, "unavailable", "The database does not answer; try again.")
    return None


def _code(error: exceptions.APIException) -> str:
    if isinstance(error.detail, dict):  # simplejwt wraps both text and code
        return str(error.detail.get("code", error.default_code))
    codes = error.get_codes()
    return codes if isinstance(codes, str) else error.default_code


def _sentence(detail: Any) -> str:
    if isinstance(detail, dict):
        detail = detail.get("detail", "")
    return " ".join(map(str, detail)) if isinstance(detail, list) else str(detail)


def _by_field(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Flatten DRF's nested errors to `field.0.subfield` and its reasons."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _by_field(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        for number, inner in enumerate(detail):
            yield from _by_field(inner, f"{path}.{number}" if path else str(number))
    else:
        reasons = detail if isinstance(detail, list) else [detail]
        yield path or WHOLE_BODY, [str(reason) for reason in reasons]


# -- what Django answers outside DRF's views


@csrf_exempt
def not_found(request: HttpRequest) -> HttpResponse:
    """Answer a path under a prefix of ours that leads nowhere, whatever DEBUG says."""
    return answer(problem(404, "not_found", _NOTHING_HERE))


@csrf_exempt
def upgrade_required(request: HttpRequest) -> HttpResponse:
    """Answer plain HTTP where a socket is."""
    body = problem(
        426,
        "upgrade_required",
        "This is a WebSocket: connect to it with ws:// or wss://.",
    )
    return answer(body, {"Upgrade": "websocket", "Connection": "Upgrade"})


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not is_program(request):
        return _bad_page()
    return answer(
        describe(exception) or problem(400, "bad_request", "The request cannot be understood.")
    )


def bad_request(request: HttpRequest, reason: str) -> HttpResponse:
    """Answer a request that cannot be read, to a person or to a program."""
    program = is_program(request)
    found = answer(problem(400, "bad_request", reason)) if program else _bad_page(reason)
    # Outside of CommonMiddleware: without a length it is sent in chunks, which HTTP/1.0 lacks.
    found.headers["Content-Length"] = str(len(found.content))
    return found


def _bad_page(reason: str = "") -> HttpResponse:
    """Answer a person without a look at the request: Django's page reads the form again."""
    page = defaults.ERROR_PAGE_TEMPLATE % {"title": "Bad Request (400)", "details": escape(reason)}
    return HttpResponse(page, status=400)


def _outage_page(answered: HttpResponse) -> HttpResponse:
    """Say to a person what another answer says to a program."""
    page = defaults.ERROR_PAGE_TEMPLATE % {
        "title": "Service Unavailable (503)",
        "details": "The database does not answer; try again.",
    }
    headers = {"Retry-After": answered.headers["Retry-After"]}
    return HttpResponse(page, status=answered.status_code, headers=headers)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not is_program(request):
        return defaults.permission_denied(request, exception)
    return answer(problem(403, "permission_denied", "You may not do this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form, or a program with a browser's cookie, whose CSRF token is missing."""
    if not is_program(request):
        return csrf.csrf_failure(request, reason)
    return answer(problem(403, "csrf_failed", "The CSRF token is missing or wrong."))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not is_program(request):
        return defaults.page_not_found(request, exception)
    return not_found(request)


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer what a view or a middleware raised; as in the API, an outage is a 503."""
    error = sys.exc_info()[1]  # Django calls handlers while it handles the error
    if isinstance(error, OperationalError) and (answered := exception_handler(error, {})):
        return answered if is_program(request) else _outage_page(answered)
    if not is_program(request):
        return defaults.server_error(request)
    return answer(problem(500, "internal", "Something went wrong here; try again later."))


def is_program(request: HttpRequest) -> bool:
    """Say whether a request is to a path at which clients are programs."""
    return request.path.startswith(PREFIXES)
