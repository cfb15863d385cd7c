"""Is the process alive (`/healthz`), and could it serve now (`/readyz`)?"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from http import HTTPStatus
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponsePermanentRedirect, JsonResponse
from django.middleware.common import CommonMiddleware
from django.views.decorators.csrf import csrf_exempt

from realtime import asgi, schema

logger = logging.getLogger(__name__)

PROBES = re.compile(r"/(?:healthz|readyz)/?")
DEADLINE_SECONDS = 2.0
SHARED_SECONDS = 1.0
# One thread: a database that hangs takes this one and no more, however often we are asked.
_executor = ThreadPoolExecutor(1, thread_name_prefix="hoardrun-ready")
_in_thread = partial(database_sync_to_async, thread_sensitive=False, executor=_executor)


@csrf_exempt  # a check would read the body as a form, which may not be one
async def healthz(request: HttpRequest) -> JsonResponse:
    """Answer without any I/O: restarting the process would not mend a lost database."""
    return JsonResponse({"status": "ok"})


@csrf_exempt
async def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether what serving needs works; 503 names what failed, and the log says why."""
    if asgi.is_draining():
        return _answer("draining", {})
    outcomes = await _shared.get()
    ready = set(outcomes.values()) == {"ok"}
    return _answer("ok" if ready else "unavailable", outcomes)


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

    Anybody may ask, as often as they like: no more than one check runs at a time.
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
        if task is self._task:
            self._ended_at = task.get_loop().time()


async def _check() -> dict[str, str]:
    """Try everything at once."""
    checks = {
        "database": _in_thread(_database)(),
        "migrations": _in_thread(_migrations)(),
        "channel_layer": _layer(),
    }
    outcomes = await asyncio.gather(*(_attempt(name, check) for name, check in checks.items()))
    return dict(zip(checks, outcomes, strict=True))


_shared = Shared(_check)


def _answer(status: str, checks: dict[str, str]) -> JsonResponse:
    return JsonResponse(
        {"status": status, "checks": checks},
        status=HTTPStatus.OK if status == "ok" else HTTPStatus.SERVICE_UNAVAILABLE,
    )


async def _attempt(name: str, check: Coroutine[Any, Any, None]) -> str:
    """Say one word: `ok`, `failed`, `timeout`, or that of schema.Unfit. Anybody may ask."""
    try:
        await asyncio.wait_for(check, DEADLINE_SECONDS)
    except TimeoutError:
        logger.warning("not ready: %s took longer than %s s", name, DEADLINE_SECONDS)
        return "timeout"
    except schema.Unfit as error:
        logger.warning("not ready: %s", error)
        return error.word
    except Exception as error:  # whatever a driver raises, the answer is the same
        logger.warning("not ready: %s: %r", name, error)
        return "failed"
    return "ok"


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


_require_applied = cache(schema.require_applied)  # migrations that are applied stay so


def _migrations() -> None:
    _require_applied()
    schema.require_known(settings.VERSION)  # which a newer release may change at any time


async def _layer() -> None:
    """Send a message to ourselves and wait for it."""
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "ready"})
    await layer.receive(channel)
    # A layer forgets a channel when its reader is cancelled, and only then.
    reader = asyncio.ensure_future(layer.receive(channel))
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.wait([reader])
