"""The WebSocket URLs, and this process's node: what a project's ASGI application needs.

Start the node before the first request and stop it after the last, in the event loop that serves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

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


async def _not_found(scope: Any, receive: Any, send: Any) -> None:
    await gate.refuse(scope, receive, send, gate.NOT_FOUND)


_notifications = gate.Gate(NotificationConsumer())  # one for all sockets: it keeps nothing
_paths: dict[str, Any] = {
    "ws/notifications": _notifications,
    "ws/notifications/": _notifications,
} | ({"ws/echo": echo} if options().echo else {})


async def _route(scope: Any, receive: Any, send: Any) -> None:
    """Hand a handshake to the application of its path.

    Channels' router would search patterns and copy the scope for each.
    """
    path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
    await _paths.get(path, _not_found)(scope, receive, send)


websocket_application = JWTAuthMiddleware(_route)


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


async def listen(topic: str, take: Callable[[Sequence[str]], None] | None) -> None:
    """Hand what `realtime.publish.tell` sends to a topic to a function, on the event loop.

    Returns once the topic is followed, at once while the layer is away. None: leave it.
    """
    here = await hub.ensure()
    here.listen(topic, take)
    await here.receiver.settled()


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
