"""The sockets of this node: those that are logged in, by user, and those that are not yet."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from realtime.core.roster import Roster
from realtime.core.wheel import Wheel
from realtime.hub.socket import Socket
from realtime.meters import meters
from realtime.meters.names import client_of
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from realtime.protocol.connection import ServerShutdown


class _Beat:
    """The next heartbeat of a socket. Each socket has one, so it is small."""

    __slots__ = ("_socket", "_sockets")

    def __init__(self, sockets: Sockets, socket: Socket) -> None:
        self._sockets = sockets
        self._socket = socket

    def __call__(self) -> None:
        self._sockets._beat(self._socket)


class Sockets:
    """All sockets of a node; iterating lists them.

    `users` holds the sockets of each user in the order of their logins, `roster` their changes
    for the node's reports, `anonymous` counts the sockets without a login by network, `clients` all
    sockets by the program of their client.
    """

    def __init__(self, options: Options, wheel: Wheel) -> None:
        self.users: dict[int, dict[Socket, None]] = {}
        self.roster: Roster[Socket] = Roster()
        self.anonymous: Counter[str] = Counter()
        self.clients: Counter[str] = Counter()
        self._all: set[Socket] = set()
        self._options = options
        self._wheel = wheel

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Socket]:
        return iter(self._all)

    def __contains__(self, socket: Socket) -> bool:
        return socket in self._all

    def admit(self, socket: Socket) -> None:
        """Take in a new socket, with or without a login, and begin its heartbeat."""
        self._all.add(socket)
        client = client_of(socket.peer.client)
        self.clients[client] += 1
        meters.connections_opened[client] += 1
        if socket.is_anonymous:
            self.anonymous[socket.peer.network] += 1
        if socket.writer.needs_pings:
            self._beat_later(socket)

    def attach(self, socket: Socket) -> None:
        """Count a socket whose user is known; the user's oldest gives way to it."""
        user_id = socket.connection.user_id
        assert user_id is not None
        self._no_longer_anonymous(socket)
        socket.is_greeted = True
        meters.login_seconds.observe(time.monotonic() - socket.opened_at)
        own = self.users.setdefault(user_id, {})
        own[socket] = None
        self.roster.add(socket.connection.id, socket)
        surplus = max(0, len(own) - self._options.max_connections_per_user)
        for oldest in list(islice(own, surplus)):
            self._unlist(oldest, own)
            oldest.close(CloseCode.TOO_MANY_CONNECTIONS)

    def remove(self, socket: Socket) -> None:
        """Forget a socket. Idempotent."""
        socket.gone()
        if socket in self._all:
            self._all.remove(socket)
            self.clients[client_of(socket.peer.client)] -= 1
        self._no_longer_anonymous(socket)
        user_id = socket.connection.user_id
        if user_id is not None:
            own = self.users.get(user_id, {})
            if socket in own:
                self._unlist(socket, own)
            if not own:
                self.users.pop(user_id, None)

    def be_active(self, socket: Socket, is_active: bool) -> None:
        """Note whether the person is there, for the next report."""
        if socket.connection.be_active(is_active, time.monotonic()):
            self.roster.change(socket.connection.id, socket)

    def send_away(self, socket: Socket) -> None:
        """Tell a client to come back, to this node or another, and close."""
        spread = self._options.reconnect_after_ms
        socket.reply(ServerShutdown(reconnect_after_ms=random.randint(min(1, spread), spread)))
        socket.close(CloseCode.RESTART)

    def _unlist(self, socket: Socket, own: dict[Socket, None]) -> None:
        del own[socket]
        self.roster.remove(socket.connection.id)

    def _no_longer_anonymous(self, socket: Socket) -> None:
        """Stop counting a socket as anonymous. Idempotent."""
        if socket.is_anonymous:
            socket.is_anonymous = False
            network = socket.peer.network
            self.anonymous[network] -= 1
            if not self.anonymous[network]:
                del self.anonymous[network]

    def _beat_later(self, socket: Socket) -> None:
        socket.heartbeat = self._wheel.at(
            time.monotonic() + self._options.heartbeat_seconds, _Beat(self, socket)
        )

    def _beat(self, socket: Socket) -> None:
        """Ping, or close a socket that gave no sign of life since the last ping."""
        if socket.writer.heard:
            socket.writer.heard = False
            socket.writer.ping()
            self._beat_later(socket)
        else:
            socket.close(CloseCode.TIMEOUT, at_once=True)
