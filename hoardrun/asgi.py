"""The ASGI entry point, for `manage.py serve`, `runserver`, Daphne and any other server."""

from __future__ import annotations

import asyncio
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hoardrun.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()  # sets Django up, before anything that needs it

from channels.routing import ProtocolTypeRouter
from django.conf import settings

from hoardrun import proxies
from hoardrun.market.runner import simulate_in_process
from realtime import hub, node
from realtime.node import Reporter
from realtime.routing import websocket_application


class Application:
    """Routes HTTP and WebSocket, and starts this process's node.

    A server with lifespan events starts it with itself and stops it at the end; on one
    without them (Daphne) it starts with the first request.
    """

    def __init__(self) -> None:
        self._router = ProtocolTypeRouter(
            {"http": django_application, "websocket": websocket_application}
        )
        self._starting: asyncio.Task[Reporter] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start())
        if not self._starting.done():
            await asyncio.shield(self._starting)
        await self._router(scope, receive, send)

    async def _start(self) -> Reporter:
        reporter = await node.start()
        if settings.SIMULATE_MARKET:
            own_hub = await hub.ensure()
            own_hub.spawn(simulate_in_process(own_hub.deliver))
        return reporter

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        self._starting = asyncio.ensure_future(self._start())
        reporter = await self._starting
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await hub.close()
        await reporter.leave()
        await send({"type": "lifespan.shutdown.complete"})


application = proxies.behind(Application(), settings.TRUSTED_PROXIES)
