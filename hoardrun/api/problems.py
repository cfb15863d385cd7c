"""Every refusal over HTTP has one shape: problem details, as in RFC 9457.

`type`, `title`, `status`, `detail`, our `code`, and as `instance` the request; where fields are
wrong, `errors` maps each to its reasons. Errors of the frameworks are translated here; the apps
raise `Refused`, which says all of that itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions

from realtime import log_context
from realtime.errors import Refused
from realtime.rest.serializers import MAX_NAMED
from realtime.sql import blockers
from realtime.sql.errors import UNKNOWN, StreamLocked, explain, reason_of

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
WHOLE_BODY = "non_field_errors"  # the name in `errors` of what concerns no single field
_NOTHING_HERE = "There is nothing here; /api/docs lists what there is."


def problem(status: int, code: str, detail: str, title: str = "", **extra: Any) -> dict[str, Any]:
    """Describe a refusal; without a title it has the words of its HTTP status.

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
    """Send a problem, with the request as its `instance`.

    Not a DRF response: its renderer could be of YAML or HTML.
    """
    if request_id := log_context.request_id():
        body = {**body, "instance": f"urn:request:{request_id}"}
    return JsonResponse(
        body, status=body["status"], content_type=CONTENT_TYPE, headers=dict(headers or {})
    )


def describe(error: Exception) -> dict[str, Any] | None:
    """Describe an exception for the sender of the request; None if it is our own fault."""
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
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            return problem(413, "too_large", f"Send no more than {limit} bytes.")
        case SuspiciousOperation() | BadRequest() | MultiPartParserError() | UnreadablePostError():
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
        case DatabaseError() | InterfaceError():
            return outage(error)
    return None


def outage(error: Exception) -> dict[str, Any] | None:
    """Say what is wrong with the database; None for what is wrong with our statement.

    An operator reads in the log what to do, and who holds a lock.
    """
    found = explain(error)
    if found is UNKNOWN and not isinstance(error, OperationalError):
        return None
    holder = blockers.holder_for(error) if found.cause == "lock_timeout" else None
    logger.error("%s (%s) %s %s", found.says, reason_of(error), holder or "", found.do)
    more: dict[str, Any] = {"cause": found.cause}
    says = found.says
    if isinstance(error, StreamLocked):
        says = f"{error.says} Try again."
        more |= {
            "streams": error.streams[:MAX_NAMED],
            "waited_seconds": round(error.waited_seconds, 1),
        }
    if holder is not None:
        more["holder"] = holder.as_json()  # for staff: the handler takes it out for others
    if not found.is_outage:
        return problem(500, "internal", says, **more)
    return problem(503, "unavailable", says, **more)


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
