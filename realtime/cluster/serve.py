"""Run uvicorn for `manage.py serve`: its settings, its listening socket, its shutdown."""

from __future__ import annotations

import logging
import socket
from typing import Any

import uvicorn
from uvicorn.supervisors import multiprocess

from realtime.options import options as engine
from realtime.servers.http import HttpProtocol
from realtime.servers.uvicorn import CLOSE_SECONDS, WebSocketProtocol

# Most written bytes that may wait in the kernel unsent.
UNSENT_BYTES = 128 * 1024


class Server(uvicorn.Server):
    """A server that drains its sockets before it stops."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Report not ready, refuse new sockets, close all sockets, then stop.

        The port stays open meanwhile, so that new clients get a refusal and need not wait.
        """
        # Imported late: a worker unpickles this class before Django is set up.
        from realtime.cluster.drain import drain
        from realtime.hub import hub

        node = hub.current()
        if node is not None:
            await drain(node, give_up=lambda: self.force_exit)
        await super().shutdown(sockets)


class Worker(multiprocess.Process):
    """One of several processes that serve one address."""

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = Server(config=self.config)
        return self._server


def config(**overrides: Any) -> uvicorn.Config:
    """Return uvicorn's settings: uvloop, small messages, our pings, compression and logging."""
    options: dict[str, Any] = {
        "app": "hoardrun.asgi:application",
        "loop": "auto",
        "http": HttpProtocol,
        "ws": WebSocketProtocol,
        "ws_max_size": engine().max_message_bytes,
        "ws_per_message_deflate": False,  # uvicorn's keeps a compressor for every socket
        "ws_ping_interval": None,  # uvicorn's pings take a timer for every socket
        # uvicorn trusts every peer on this machine; our application checks proxies itself.
        "proxy_headers": False,
        "timeout_graceful_shutdown": int(CLOSE_SECONDS * 2),
        "lifespan": "on",
        "log_config": None,
        "access_log": logging.getLogger("uvicorn.access").isEnabledFor(logging.INFO),
        "server_header": False,
        "backlog": 4096,
    }
    return uvicorn.Config(**(options | overrides))


def listen(configuration: uvicorn.Config) -> socket.socket:
    """Listen at the address. Accepted sockets inherit the options that are set here.

    On Linux, the kernel drops a connection whose client takes no data for twice
    `stuck_after_seconds` (TCP_USER_TIMEOUT, RFC 5482), and keeps at most UNSENT_BYTES beyond
    the client's window. Raises OSError.
    """
    host, port = configuration.host, configuration.port
    # Not uvicorn's own, which only logs an address in use and exits.
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            patience = engine().stuck_after_seconds * 2
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience * 1000))
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        listening.bind((host, port))
        listening.listen(configuration.backlog)  # binding alone may succeed twice
    except OSError:
        listening.close()
        raise
    listening.set_inheritable(True)  # for the workers
    return listening


def run(configuration: uvicorn.Config, listening: socket.socket) -> None:
    """Serve until a signal, in this process or in several."""
    if configuration.workers > 1:
        multiprocess.Process = Worker  # type: ignore[misc]  # the supervisor looks it up there
        multiprocess.Multiprocess(configuration, sockets=[listening]).run()
    else:
        Server(configuration).run(sockets=[listening])
