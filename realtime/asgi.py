"""The WebSocket URLs, and this process's node: what a project's ASGI application needs.

Start the node before the first request and stop it after the last, in the event loop that serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from realtime.cluster import reporter
from realtime.cluster.reporter import ClusterReporter
from realtime.consumer import gate
from realtime.consumer.consumer import NotificationConsumer
from realtime.consumer.credentials import JWTAuthMiddleware
from realtime.consumer.echo import echo
from realtime.hub import hub
from realtime.hub.hub import Hub
from realtime.options import options
from realtime.protocol import SUBPROTOCOL
from realtime.protocol.codes import CloseCode
from realtime.servers import door
from realtime.servers.asgi import close

# Django's types know views only; Channels routes ASGI applications by the same functions.
_path: Any = re_path
_router: Any = URLRouter


async def _not_found(scope: Any, receive: Any, send: Any) -> None:
    await gate.refuse(scope, receive, send, gate.NOT_FOUND)


_consumer: Any = NotificationConsumer.as_asgi()
_open = [_path(r"^ws/echo$", echo)] if options().echo else []
websocket_application = JWTAuthMiddleware(
    _router([*_open, _path(r"^ws/notifications/?$", gate.Gate(_consumer)), _path(r"", _not_found)])
)


async def start_node() -> ClusterReporter:
    """Start the node of this process: its hub, its reports and the periodic jobs.

    Raises what hinders it, and may then be called again.
    """
    return await reporter.start()


async def stop_node(started: ClusterReporter) -> None:
    """Stop the node, and take it out of the registry if it has reported."""
    await hub.close()
    await started.leave()


async def node() -> Hub:
    """Return the hub of the running event loop, and start it if need be."""
    return await hub.ensure()


def refuse_with(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Put these headers into the answer to handshakes that an overloaded node refuses."""
    door.of_this_loop().answer_with(headers)


def is_draining() -> bool:
    """Say whether this node sends its sockets away, and takes no new ones."""
    here = hub.current()
    return here is not None and here.draining


async def hears_itself() -> bool:
    """Say whether what this node sends over the channel layer comes back to it.

    If not, it serves all the same: events come at the next reconcile.
    """
    here = hub.current()
    return here is None or await here.receiver.hears()


async def send_away(scope: Any, receive: Any, send: Any) -> None:
    """Accept a handshake that cannot be served, and close so that the client comes back."""
    await receive()  # websocket.connect
    subprotocol = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None
    await send({"type": "websocket.accept", "subprotocol": subprotocol})
    await close(send, CloseCode.RESTART)
