"""The ASGI entry point, for `manage.py serve`, `runserver` and any server with lifespan events."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextvars import Context
from functools import partial
from http import HTTPStatus
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hoardrun.settings")

import django

django.setup(set_prefix=False)  # before anything that needs it

from django.conf import settings

from hoardrun import early_refusals, proxies, requests, telemetry
from hoardrun.bounds import Bounded
from hoardrun.handler import Handler
from hoardrun.hot_path import HotPath
from hoardrun.market.engine.runtime import Runtime
from hoardrun.market.options import sources
from realtime import asgi
from realtime.core import refusals

logger = logging.getLogger(__name__)

NOT_STARTED = refusals.Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable",
    "This server has not started; its log says why.",
    {"Retry-After": "1"},
)


class Application:
    """Routes HTTP and WebSocket, and starts this process's node.

    A server with lifespan events starts the node with itself, or does not start, and stops it at
    the end. A server without them, such as Daphne, is for development: under DEBUG the first
    request starts the node. Outside DEBUG every request is answered with 503, and sockets close
    with a code after which clients come back.

    Requests that `serve` refuses come here too, with the refusal in the scope, and are answered so.
    """

    def __init__(self) -> None:
        self._hot_path = HotPath(Bounded(Handler()))
        self._by_type: dict[str, Any] = {"http": self._hot_path, "websocket": _socket}
        self._is_started = False
        self._starting = asyncio.Lock()
        self._spans = telemetry.begin_spans(settings.TELEMETRY)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await requests.account(scope, receive, send, self._answer, self._spans)
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        if (refusal := scope.get(refusals.EXTENSION)) is not None:
            await early_refusals.refuse(refusal, scope, send)
        elif self._is_started or await self._start_late():
            await self._by_type[scope["type"]](scope, receive, send)
        elif scope["type"] == "http":
            await early_refusals.refuse(NOT_STARTED, scope, send)
        else:
            await asgi.send_away(scope, receive, send)

    async def _start_node(self) -> Callable[[], Awaitable[None]]:
        """Start the node; return what stops it."""
        asgi.refuse_with(early_refusals.headers_of_all({"type": "http", "headers": []}))
        reporter = await asgi.start_node()
        if names := sources():
            hub = await asgi.node()
            hub.spawn(Runtime(names).run())  # it ends, and gives its leases back, with the hub
        self._is_started = True
        return partial(asgi.stop_node, reporter)

    async def _start_late(self) -> bool:
        """Start the node for the first request, under DEBUG only; return whether it runs."""
        if not settings.DEBUG:
            logger.error("this server has no lifespan events: use `manage.py serve`")
            return False
        async with self._starting:
            try:
                if not self._is_started:
                    # Without the log context of the request that came first.
                    starting = self._start_node()
                    await asyncio.get_running_loop().create_task(starting, context=Context())
            except Exception as error:
                logger.error("the node has not started: %s: %s", type(error).__name__, error)
        return self._is_started

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            stop = await self._start_node()
        except Exception as error:
            message = f"The node has not started: {type(error).__name__}: {error}"
            await send({"type": "lifespan.startup.failed", "message": message})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await stop()
        await asyncio.to_thread(self._hot_path.close)  # no database in the event loop
        if self._spans is not None:
            await asyncio.to_thread(self._spans.close)
        await send({"type": "lifespan.shutdown.complete"})


async def _socket(scope: Any, receive: Any, send: Any) -> None:
    """Serve a socket; if its handshake is refused, with the headers of every answer."""
    marked = {**scope, refusals.HEADERS: early_refusals.headers_of_all}
    await asgi.websocket_application(marked, receive, send)


application = proxies.behind(Application(), settings.TRUSTED_PROXIES)
