"""uvicorn as `manage.py serve` runs it."""

from __future__ import annotations

import socket
from typing import Any

import uvicorn

from realtime import hub

# The transport's own limit lies above the one that the greeting announces: a message
# between the two gets an `error` and the socket stays open, one beyond is closed with 1009.
TRANSPORT_FACTOR = 4


class Server(uvicorn.Server):
    """A server that sends its WebSocket clients away before it closes."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if (node := hub.current()) is not None:
            await node.drain()
        await super().shutdown(sockets)


def config(**overrides: Any) -> uvicorn.Config:
    """Describe the server: uvloop, small messages, no compression, our logging."""
    from django.conf import settings

    options: dict[str, Any] = {
        "app": "hoardrun.asgi:application",
        "loop": "auto",
        "http": "auto",
        "ws": "websockets-sansio",
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
