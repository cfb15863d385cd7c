"""Run uvicorn for `manage.py serve`: its settings, its shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Any

import uvicorn

from realtime.cluster.listening import Listeners
from realtime.cluster.service_manager import ServiceManager
from realtime.cluster.workers import Supervisor
from realtime.cluster.working import TICK_SECONDS, WorkingServer
from realtime.options import options as engine
from realtime.servers import door
from realtime.servers.http import HttpProtocol
from realtime.servers.uvicorn import CLOSE_SECONDS, WebSocketProtocol

LEAVE_SECONDS = 6.0  # a little more than a client may take to answer a close


class Server(WorkingServer):
    """A server that counts the connections not yet accepted, and drains before it stops."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and tell the door where."""
        await super().startup(sockets)
        adopt = None if self.config.is_ssl else self._adopt
        door.of_this_loop().listen(sockets or [], adopt)

    def _adopt(self, connection: socket.socket) -> None:
        """Serve a connection that the door has accepted."""

        def protocol() -> HttpProtocol:
            return HttpProtocol(self.config, self.server_state, self.lifespan.state)

        async def serve() -> None:
            with contextlib.suppress(OSError):  # it has left
                await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)

        connection.setblocking(False)
        task = asyncio.get_running_loop().create_task(serve())
        self.server_state.tasks.add(task)
        task.add_done_callback(self.server_state.tasks.discard)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Report not ready, refuse new sockets, close all sockets, then stop.

        The port stays open meanwhile, so that new clients get a refusal and need not wait, unless
        others serve it.
        """
        # Imported late: a worker unpickles this class before Django is set up.
        from realtime.cluster.drain import drain
        from realtime.hub import hub

        self.manager.stopping()
        self.server_state.is_draining = True
        has_left = await self.leave_port(sockets or ())
        node = hub.current()
        if node is not None:
            # A process that has left the port need not wait for a balancer.
            delay = 0 if has_left else node.options.drain_delay_seconds
            last = await drain(node, delay, give_up=lambda: self.force_exit)
            await self._until_answered(last + LEAVE_SECONDS)
        if not has_left:
            await self.admit_last(sockets or ())
            self.close_port()
        await super().shutdown(sockets)

    async def _until_answered(self, deadline: float) -> None:
        """Wait until no socket waits for its client to answer a close."""
        while not self.force_exit and time.monotonic() < deadline:
            if not any(
                isinstance(each, WebSocketProtocol) and each.close_sent
                for each in self.server_state.connections
            ):
                return
            await asyncio.sleep(TICK_SECONDS)


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
        "access_log": False,  # the application logs each request, with its id
        "server_header": False,
        "backlog": 4096,
    }
    return uvicorn.Config(**(options | overrides))


def run(configuration: uvicorn.Config, listeners: Listeners, manager: ServiceManager) -> None:
    """Serve until a signal, in this process or in several. This one speaks to the manager."""
    if configuration.workers > 1:
        Supervisor(configuration, listeners, Server, manager).run()
    else:
        Server(configuration, manager).run(sockets=listeners.sockets)
