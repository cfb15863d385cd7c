"""The ASGI entry point, for `manage.py serve`, `runserver`, Daphne and any other server."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hoardrun.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()  # sets Django up, before anything that needs it

from channels.routing import ProtocolTypeRouter
from django.conf import settings

from hoardrun import proxies, refused, starting
from hoardrun.bounds import Bounded
from hoardrun.market.runner import simulate_in_process
from realtime import asgi
from realtime.core import refusals


class Application:
    """Routes HTTP and WebSocket, and starts this process's node.

    A server with lifespan events starts it with itself, or does not start, and stops it at the
    end. On one without them (Daphne) each request waits for the start, and tries it again if it
    failed; meanwhile the answer is 503, and sockets close with a code to come back upon. Only
    `/healthz`, which says that the process lives, is always answered.

    What `serve` refuses by itself comes here too, named in the scope, and is answered as refused.
    """

    def __init__(self) -> None:
        self._router = ProtocolTypeRouter(
            {"http": Bounded(django_application), "websocket": _socket}
        )
        self._start = starting.Start(self._start_node)
        self._stop = partial(asgi.stop_node, None)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif (refusal := scope.get(refusals.EXTENSION)) is not None:
            await refused.refuse(refusal, scope, send)
        elif self._start.is_done or _is_health(scope) or await self._start.wait():
            await self._router(scope, receive, send)
        else:
            await starting.refuse(scope, receive, send)

    async def _start_node(self) -> None:
        reporter = await asgi.start_node()
        if settings.SIMULATE_MARKET:
            hub = await asgi.node()
            hub.spawn(simulate_in_process(hub.rooms.deliver))
        self._stop = partial(asgi.stop_node, reporter)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            await self._start_node()
        except Exception as error:
            message = f"The node has not started: {type(error).__name__}: {error}"
            await send({"type": "lifespan.startup.failed", "message": message})
            return
        self._start.is_done = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})


async def _socket(scope: Any, receive: Any, send: Any) -> None:
    """Serve a socket; if its handshake is refused, with the headers of every answer."""
    marked = {**scope, refusals.HEADERS: refused.headers_of_all}
    await asgi.websocket_application(marked, receive, send)


def _is_health(scope: Any) -> bool:
    return bool(scope["type"] == "http" and scope["path"].rstrip("/") == "/healthz")


application = proxies.behind(Application(), settings.TRUSTED_PROXIES)
