"""Accounts for each HTTP request: its id, one line in the log, and the meters.

It is the outermost of the application, so it sees what is refused before Django too, on every
server.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.urls import Resolver404, resolve

from hoardrun.request_id import chosen
from hoardrun.telemetry import traceparent
from realtime import log_context
from realtime.log_context import Work
from realtime.meters import meters
from realtime.meters.kinds import OTHER
from realtime.meters.names import METHODS
from realtime.meters.table import LISTS

if TYPE_CHECKING:
    from hoardrun.telemetry.spans import Spans

logger = logging.getLogger(__name__)

_routes: set[str] = set()  # patterns that were seen: as many as the code has
LISTS["route"] = _routes
MAX_PATH = 500  # characters in a line


async def account(
    scope: Any,
    receive: Any,
    send: Any,
    answer: Callable[[Any, Any, Any], Awaitable[None]],
    spans: Spans | None = None,
) -> None:
    """Have a request answered, then count it and log it, and end its span if there are any."""
    given = dict(reversed(scope["headers"]))  # of several, the first
    work = Work(
        chosen(given.get(b"x-request-id", b"").decode("latin-1")),
        traceparent=traceparent.given(given.get(traceparent.HEADER, b"")),
    )
    if spans is not None:
        spans.begin(scope, work)
    token = log_context.work.set(work)
    began = time.perf_counter()
    status = size = 0

    async def send_counted(message: Any) -> None:
        nonlocal status, size
        if message["type"] == "http.response.start":
            status = int(message["status"])
        elif message["type"] == "http.response.body":
            size += len(message.get("body", b""))
        await send(message)

    try:
        await answer(scope, receive, send_counted)
    finally:
        try:
            route = _tell(scope, work, status, size, time.perf_counter() - began)
            if spans is not None:
                spans.end(work, str(scope["method"]), route, status)
        finally:
            log_context.work.reset(token)


def _tell(scope: Any, work: Work, status: int, size: int, seconds: float) -> str:
    """Log and count an answer; return its route. Status 0 is a client that left before it."""
    method, path = str(scope["method"]), str(scope["path"])[:MAX_PATH]
    route = work.route
    if not work.is_routed and 0 < status < 400:
        route = _route_of(path)  # it was answered before Django was asked
    if route:
        _routes.add(route)
    counted = method if method in METHODS else OTHER  # clients invent methods without end
    with meters.lock:
        meters.http_requests[route or OTHER, counted, f"{status // 100}xx"] += 1
        meters.http_request_seconds[route or OTHER].observe(seconds)
    if not logger.isEnabledFor(logging.INFO):
        return route
    address = str((scope.get("client") or ("",))[0])
    user = "-" if work.user is None else work.user
    logger.info(
        "%s %s %s %dB %.1fms user=%s from=%s",
        method,
        path.encode("unicode_escape").decode(),  # no middleware writes a line of its own
        status or "-",
        size,
        seconds * 1000,
        user,
        address or "-",
        extra={
            "method": method,
            "path": path,
            "route": route,
            "status": status or None,
            "address": address,
            "bytes": size,
            "seconds": round(seconds, 6),
        },
    )
    return route


@lru_cache(maxsize=256)
def _route_of(path: str) -> str:
    try:
        return resolve(path).route
    except Resolver404:
        return ""
