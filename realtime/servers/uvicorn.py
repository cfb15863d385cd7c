"""uvicorn as `manage.py serve` runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import uvicorn
from django.conf import settings
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from realtime.servers import EXTENSION

# The transport's own limit lies above the one that the greeting announces: a message
# between the two gets an `error` and the socket stays open, one beyond is closed with 1009.
TRANSPORT_FACTOR = 4


class Transport:
    """What the protocol offers to the application, in the scope's `extensions`.

    `on_shutdown`, if set, is called in place of an immediate close when the server
    stops; whoever sets it closes the socket within the grace time.
    """

    __slots__ = ("on_shutdown",)

    def __init__(self) -> None:
        self.on_shutdown: Callable[[], None] | None = None


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, with `Transport` for the application."""

    def handle_connect(self, event: Request) -> None:
        """Begin a connection; the application finds the extension when its task runs."""
        super().handle_connect(event)
        self.offered = Transport()
        if self.handshake_initiated and not self.close_sent:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self.offered

    def shutdown(self) -> None:
        """Let the application say goodbye, if it wants to."""
        if self.handshake_complete and not self.close_sent and self.offered.on_shutdown:
            self.stop_keepalive()
            self.offered.on_shutdown()
        else:
            super().shutdown()


def config(**overrides: Any) -> uvicorn.Config:
    """Describe the server: uvloop, small messages, no compression, our logging."""
    options: dict[str, Any] = {
        "app": "hoardrun.asgi:application",
        "loop": "auto",
        "http": "auto",
        "ws": WebSocketProtocol,
        "ws_max_size": settings.REALTIME["MAX_MESSAGE_BYTES"] * TRANSPORT_FACTOR,
        "ws_per_message_deflate": False,
        "ws_ping_interval": settings.REALTIME["HEARTBEAT_SECONDS"],
        "ws_ping_timeout": settings.REALTIME["HEARTBEAT_SECONDS"],
        "timeout_graceful_shutdown": 10,
        "lifespan": "on",
        "log_config": None,
        "server_header": False,
    }
    return uvicorn.Config(**(options | overrides))
