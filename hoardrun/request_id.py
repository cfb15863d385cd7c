"""The id of an HTTP request: in its answer, in a refusal, and in the records of what it changed.

A proxy that sends `X-Request-ID` chooses it; otherwise it is random. It serves to find
the request in logs. It proves nothing, since a client without a proxy may choose it too.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware
from django.utils.functional import LazyObject, empty

from realtime import log_context
from realtime.log_context import Work

HEADER = "X-Request-ID"
MAX_LENGTH = 64
_KEY = "hoardrun.request_id"
_FORM = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def request_id(request: Any) -> str:
    """Return the id of a request, of Django or of DRF; the same one at every call."""
    known: str | None = request.META.get(_KEY)
    if known is None:
        known = log_context.request_id() or chosen(request.headers.get(HEADER, ""))
        request.META[_KEY] = known
    return known


def chosen(given: str) -> str:
    """Return the id that a request brings, or a random one if it brings none of the right form."""
    return given if _FORM.fullmatch(given) else secrets.token_hex(16)


@sync_and_async_middleware
def add_request_id(get_response: Callable[[HttpRequest], Any]) -> Callable[..., Any]:
    """Middleware: put the id of its request into every answer.

    Under a server without `hoardrun.asgi`, the request's work begins here, so that its refusals
    and records have the id too.
    """
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponse:
            with _at_work(request):
                return _mark(request, await get_response(request))

        return answer_async

    def answer(request: HttpRequest) -> HttpResponse:
        with _at_work(request):
            return _mark(request, get_response(request))

    return answer


@contextmanager
def _at_work(request: HttpRequest) -> Iterator[None]:
    if log_context.work.get() is not None:
        yield
        return
    token = log_context.work.set(Work(request_id(request)))
    try:
        yield
    finally:
        log_context.work.reset(token)


def _mark(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    response.headers[HEADER] = request_id(request)
    work = log_context.work.get()
    if work is not None:
        note(work, request)
    return response


def note(work: Work, request: Any) -> None:
    """Note for the log which route was taken, and the user if a view has asked for one."""
    match = getattr(request, "resolver_match", None)
    work.is_routed = True
    if match is not None:
        work.route = str(match.route)
    user = request.__dict__.get("user")
    # Django's own is read from the session at its first use: do not use it for this alone.
    if isinstance(user, LazyObject) and user.__dict__.get("_wrapped") is empty:
        return
    work.user = getattr(user, "pk", None)
