"""uvicorn as `manage.py serve` runs it: its settings, its listening socket, its end."""

from __future__ import annotations

import socket
from typing import Any

import uvicorn
from uvicorn.supervisors import multiprocess

from realtime.options import options as engine
from realtime.servers.http import HttpProtocol
from realtime.servers.uvicorn import CLOSE_SECONDS, WebSocketProtocol

# How much of what was written may wait in the kernel beyond what is on its way.
UNSENT_BYTES = 128 * 1024


class Server(uvicorn.Server):
    """A server that sends its sockets away one after the other before it stops."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer as not ready and admit nobody; send everybody away; then stop.

        The address stays open meanwhile: who comes is told so, rather than left waiting.
        """
        # They have models, and a worker unpickles this class before Django is set up.
        from realtime.cluster.drain import drain
        from realtime.hub import hub

        node = hub.current()
        if node is not None:
            await drain(node, give_up=lambda: self.force_exit)
        await super().shutdown(sockets)


class Worker(multiprocess.Process):
    """One of several processes that serve the same address."""

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = Server(config=self.config)
        return self._server


def config(**overrides: Any) -> uvicorn.Config:
    """Describe the server: uvloop, small messages, our pings and compression, our logging."""
    options: dict[str, Any] = {
        "app": "hoardrun.asgi:application",
        "loop": "auto",
        "http": HttpProtocol,
        "ws": WebSocketProtocol,
        "ws_max_size": engine().max_message_bytes,
        "ws_per_message_deflate": False,  # uvicorn's keeps a compressor for every socket
        "ws_ping_interval": None,  # uvicorn's pings take a timer for every socket
        # uvicorn believes whoever connects from this machine; our application knows better.
        "proxy_headers": False,
        "timeout_graceful_shutdown": int(CLOSE_SECONDS * 2),
        "lifespan": "on",
        "log_config": None,
        "server_header": False,
        "backlog": 4096,
    }
    return uvicorn.Config(**(options | overrides))


def listen(configuration: uvicorn.Config) -> socket.socket:
    """Listen at the address; what is set here holds for every socket that is accepted from it.

    Data that a client does not take for longer than a stuck reader is given ends its
    connection in the kernel (TCP_USER_TIMEOUT, RFC 5482), and no more than UNSENT_BYTES
    beyond the client's window wait there. Both are Linux's. Raises OSError.
    """
    host, port = configuration.host, configuration.port
    # Not uvicorn's, which tells of an address in use in its log and exits.
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            patience = engine().stuck_after_seconds * 2
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience * 1000))
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        listening.bind((host, port))
        listening.listen(configuration.backlog)  # two may bind the same address, until one does
    except OSError:
        listening.close()
        raise
    listening.set_inheritable(True)  # for the workers
    return listening


def run(configuration: uvicorn.Config, listening: socket.socket) -> None:
    """Serve until a signal ends it, in this process or in several."""
    if configuration.workers > 1:
        multiprocess.Process = Worker  # type: ignore[misc]  # the supervisor takes it from there
        multiprocess.Multiprocess(configuration, sockets=[listening]).run()
    else:
        Server(configuration).run(sockets=[listening])
