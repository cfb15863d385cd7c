"""The server in a worker process: it reports that its event loop runs, and can leave its port.

`realtime.cluster.workers` runs it, in a process of its own. A server that stops keeps its port open
and refuses, since no process takes its clients. A worker that is replaced or taken away leaves it
first: what comes goes to the others, and what has begun here is served.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence

import uvicorn
from uvicorn.server import ServerState

from realtime.cluster.listening import admit_no_more
from realtime.cluster.service_manager import ServiceManager
from realtime.servers import door, peers
from realtime.servers.http import HttpProtocol

TICK_SECONDS = 0.1
BEAT_SECONDS = 0.5
HUNG_SECONDS = 20.0  # without a beat: then the parent gets no answer any more
ARRIVE_SECONDS = 0.1  # for connections that have begun: many times a way across a region
ADMIT_SECONDS = 6.0  # at most, to accept those
BEGIN_SECONDS = 2.0  # for the first request of a connection that was accepted already


class State(ServerState):
    """The state of a server that its connections can read."""

    is_draining = False


class WorkingServer(uvicorn.Server):
    """A server that a parent process can look after, or without one a service manager."""

    def __init__(
        self, configuration: uvicorn.Config, manager: ServiceManager | None = None
    ) -> None:
        super().__init__(configuration)
        self.manager = manager or ServiceManager()
        self.server_state: State = State()
        self._beat_at = 0.0
        self._leaves = self._has_successor = False

    @property
    def is_hung(self) -> bool:
        """True if the event loop has been stuck for HUNG_SECONDS. Read it from another thread."""
        return self._beat_at > 0 and time.monotonic() - self._beat_at > HUNG_SECONDS

    def leave(self, *, has_successor: bool) -> None:
        """Stop, but leave the port first; `has_successor` if another accepts from this socket.

        Call it from a handler of signals.
        """
        self._leaves, self._has_successor = True, has_successor
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        self._beat()
        await super().startup(sockets)
        if self.started:
            self.manager.ready()

    def _beat(self) -> None:
        self._beat_at = time.monotonic()
        self.manager.alive()
        asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    async def leave_port(self, sockets: Sequence[socket.socket]) -> bool:
        """Leave the port if this server is to; return whether it has.

        Accepted connections are served, also a handshake. Connections that are kept for a further
        request close, as those of a server that stops.
        """
        if not self._leaves:
            return False
        if not self._has_successor:
            await self.admit_last(sockets)
        self.close_port()
        for connection in list(self.server_state.connections):
            if isinstance(connection, HttpProtocol) and not connection.is_new:
                connection.shutdown()
        until, here = time.monotonic() + BEGIN_SECONDS, door.of_this_loop()
        while not self.force_exit and time.monotonic() < until:
            await asyncio.sleep(TICK_SECONDS)
            if not here.waiting and not here.under_way and not any(map(_is_new, self._connections)):
                break
        return True

    @property
    def _connections(self) -> Sequence[object]:
        return tuple(self.server_state.connections)

    async def admit_last(self, sockets: Sequence[socket.socket]) -> None:
        """Accept every connection that has begun: closing the port would reset it."""
        for each in sockets:
            admit_no_more(each)
        await asyncio.sleep(ARRIVE_SECONDS)
        deadline = time.monotonic() + ADMIT_SECONDS
        while not self.force_exit and time.monotonic() < deadline:
            if not any(map(peers.unaccepted, sockets)):
                return
            await asyncio.sleep(0)  # uvloop accepts one in each turn

    def close_port(self) -> None:
        """Accept nothing more."""
        door.of_this_loop().listen((), None)
        for server in self.servers:
            server.close()


def _is_new(connection: object) -> bool:
    return isinstance(connection, HttpProtocol) and connection.is_new
