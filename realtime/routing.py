"""WebSocket URLs."""

from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from django.conf import settings
from django.urls import re_path

from realtime.consumer import NotificationConsumer
from realtime.echo import echo
from realtime.gate import Gate
from realtime.middleware import JWTAuthMiddleware

# Django's types know views only; Channels routes ASGI applications by the same functions.
_path: Any = re_path
_router: Any = URLRouter


async def _not_found(scope: Any, receive: Any, send: Any) -> None:
    """Refuse the handshake of an unknown path: HTTP 403, as ASGI has it."""
    await receive()
    await send({"type": "websocket.close"})


_guarded: Any = Gate(
    _router(
        [
            _path(r"^ws/notifications/?$", NotificationConsumer.as_asgi()),
            _path(r"", _not_found),
        ]
    )
)
_open = [_path(r"^ws/echo$", echo)] if settings.REALTIME_ECHO else []
websocket_application = JWTAuthMiddleware(_router([*_open, _path(r"", _guarded)]))
