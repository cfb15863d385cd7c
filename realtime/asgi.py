"""WebSocket URLs."""

from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from realtime.consumer import gate
from realtime.consumer.consumer import NotificationConsumer
from realtime.consumer.credentials import JWTAuthMiddleware
from realtime.consumer.echo import echo
from realtime.options import options

# Django's types know views only; Channels routes ASGI applications by the same functions.
_path: Any = re_path
_router: Any = URLRouter


async def _not_found(scope: Any, receive: Any, send: Any) -> None:
    await gate.refuse(scope, receive, send, gate.NOT_FOUND)


_consumer: Any = NotificationConsumer.as_asgi()
_open = [_path(r"^ws/echo$", echo)] if options().echo else []
websocket_application = JWTAuthMiddleware(
    _router(
        [
            *_open,
            _path(r"^ws/notifications/?$", gate.Gate(_consumer)),
            _path(r"", _not_found),
        ]
    )
)
