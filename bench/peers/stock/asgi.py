from __future__ import annotations

import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.stock.settings")
django_application = get_asgi_application()

from bench.peers.stock.consumers import NotificationConsumer  # noqa: E402
from bench.peers.stock.middleware import JWTAuthMiddleware  # noqa: E402

routes: list[Any] = [path("ws", NotificationConsumer.as_asgi())]  # type: ignore[arg-type]
application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": JWTAuthMiddleware(URLRouter(routes)),
    }
)
