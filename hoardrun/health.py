"""Answer the probes: the process lives (`/healthz`), and could serve now (`/readyz`)."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from http import HTTPStatus
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, HttpResponsePermanentRedirect, JsonResponse
from django.middleware.common import CommonMiddleware
from django.views.decorators.csrf import csrf_exempt

from realtime import asgi
from realtime.sql import schema

logger = logging.getLogger(__name__)

PROBES = re.compile(r"/(?:healthz|readyz)/?")
DEADLINE_SECONDS = 2.0
SHARED_SECONDS = 1.0
# Stores that a node can serve without, each with the features that are then missing.
SOFT = {
    "channel_layer": "events come late, at the next reconcile; prices from elsewhere are left out",
    "cache": "each process counts requests and logins for itself",
}
SOFT_SECONDS = 1.0  # a probe waits for what is not needed no longer than this
# One thread each: what hangs takes this one and no more, however often we are asked.
_executor = ThreadPoolExecutor(1, thread_name_prefix="hoardrun-ready")
_in_thread = partial(database_sync_to_async, thread_sensitive=False, executor=_executor)
_cache_executor = ThreadPoolExecutor(1, thread_name_prefix="hoardrun-ready-cache")


@csrf_exempt  # a check would read the body as a form, which may not be one
async def healthz(request: HttpRequest) -> JsonResponse:
    """Answer without any I/O: restarting the process would not mend a lost database."""
    return JsonResponse({"status": "ok"})


@csrf_exempt
async def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether this node can serve: 503 names what failed, and the log says why.

    Without Redis it serves, with a delay: 200, `degraded`. Sending its clients to other nodes,
    which miss the same Redis, would make an outage of that.
    """
    if asgi.is_draining():
        return _answer("draining", {})
    found = await outcomes()
    failed = {name for name, outcome in found.items() if outcome != "ok"}
    if failed - SOFT.keys():
        return _answer("unavailable", found)
    return _answer("degraded" if failed else "ok", found)


async def probe(path: str) -> tuple[int, bytes] | None:
    """Answer the probe at a path with a status and JSON; return None if it is no probe's path."""
    if not PROBES.fullmatch(path):
        return None
    view = readyz if path.startswith("/readyz") else healthz
    answer = await view(HttpRequest())
    return answer.status_code, answer.content


class HostsButForProbes(CommonMiddleware):
    """Django's middleware, which refuses other hosts than ALLOWED_HOSTS, but not for a probe.

    Probes call a node by its address, which ALLOWED_HOSTS need not name; their answers repeat
    nothing of the request.
    """

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        if PROBES.fullmatch(request.path_info):
            return None
        return super().process_request(request)


class Shared:
    """The result of a check, which all share that ask while it runs and for SHARED_SECONDS after.

    It is public, without a limit: no more than one check runs at a time. Only success is
    shared afterwards, so that the first to ask once all works again is told so.
    """

    def __init__(self, check: Callable[[], Coroutine[Any, Any, dict[str, str]]]) -> None:
        self._check = check
        self._task: asyncio.Task[dict[str, str]] | None = None
        self._ended_at: float | None = None

    async def get(self) -> dict[str, str]:
        """Return the outcome of each check by its name."""
        loop = asyncio.get_running_loop()
        is_old = self._ended_at is not None and loop.time() - self._ended_at >= SHARED_SECONDS
        if self._task is None or self._task.get_loop() is not loop or is_old:
            self._ended_at = None
            self._task = loop.create_task(self._check())
            self._task.add_done_callback(self._note)
        # Shielded, so that a caller that leaves does not end the check for the others.
        return await asyncio.shield(self._task)

    def _note(self, task: asyncio.Task[dict[str, str]]) -> None:
        if task is not self._task:
            return
        if not task.cancelled() and not task.exception() and set(task.result().values()) == {"ok"}:
            self._ended_at = task.get_loop().time()
        else:
            self._task = None


async def _check() -> dict[str, str]:
    """Try everything at once."""
    checks = {
        "database": _in_thread(_database)(),
        "migrations": _in_thread(_migrations)(),
        "channel_layer": _layer(),
        "cache": asyncio.get_running_loop().run_in_executor(_cache_executor, _cache),
    }
    outcomes = await asyncio.gather(*(_attempt(name, check) for name, check in checks.items()))
    return dict(zip(checks, outcomes, strict=True))


_shared = Shared(_check)


async def outcomes() -> dict[str, str]:
    """Return the outcome of each check by its name: `ok`, or why not in one word."""
    return await _shared.get()


def _answer(status: str, checks: dict[str, str]) -> JsonResponse:
    found: dict[str, Any] = {"status": status, "checks": checks}
    if status == "degraded":
        found["degraded"] = {name: SOFT[name] for name, is_ok in checks.items() if is_ok != "ok"}
    serves = status in {"ok", "degraded"}
    return JsonResponse(found, status=HTTPStatus.OK if serves else HTTPStatus.SERVICE_UNAVAILABLE)


async def _attempt(name: str, check: Awaitable[None]) -> str:
    """Return one word: `ok`, `failed`, `timeout`, or that of schema.Unfit. It is public."""
    seconds = SOFT_SECONDS if name in SOFT else DEADLINE_SECONDS
    try:
        await asyncio.wait_for(check, seconds)
    except TimeoutError:
        _note(name, f"took longer than {seconds} s")
        return "timeout"
    except schema.Unfit as error:
        _note(name, str(error))
        return error.word
    except Exception as error:  # the answer is the same for all errors of drivers
        _note(name, repr(error))
        return "failed"
    _note(name, "")
    return "ok"


_failing: set[str] = set()


def _note(name: str, failure: str) -> None:
    """Log when a check begins to fail and when it no longer does, however often it is asked."""
    if name == "channel_layer":  # it has a log of its own
        return
    meaning = "degraded" if name in SOFT else "not ready"
    if failure and name not in _failing:
        _failing.add(name)
        logger.warning("%s: %s: %s", meaning, name, failure)
    elif not failure and name in _failing:
        _failing.discard(name)
        logger.warning("no longer %s: %s works again", meaning, name)


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


_require_applied = cache(schema.require_applied)  # migrations that are applied stay so


def _migrations() -> None:
    _require_applied()
    schema.require_known(settings.VERSION)  # which a newer release may change at any time


async def _layer() -> None:
    """Send a message to ourselves and wait for it."""
    if not await asgi.hears_itself():
        raise LookupError("this node does not hear itself over the channel layer")


def _cache() -> None:
    caches["default"].get("ready")
