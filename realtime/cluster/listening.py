"""The listening sockets of `manage.py serve`: one for each worker where the kernel can share out.

Connections to one socket that several processes accept from go to whichever wakes up first,
and long ones stay there. With a socket for each worker (SO_REUSEPORT on Linux) the kernel
chooses by a hash of the two addresses, however fast they come.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import socket
import struct
import sys

import uvicorn

from realtime.options import options as engine

logger = logging.getLogger(__name__)

# Most written bytes that may wait in the kernel unsent.
UNSENT_BYTES = 128 * 1024
# Elsewhere the option is missing, or the last socket to be bound gets all connections.
SHARES_OUT = sys.platform == "linux"

# Options of Linux for which Python has no names.
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
# A program of the kernel's packet filter: drop what has the flag SYN, take all else.
_NO_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


class Listeners:
    """The sockets that a server of some workers listens at; raises OSError if it cannot.

    The parent keeps them too. So what has connected to a worker that dies waits for the one that
    takes its place.
    """

    def __init__(self, configuration: uvicorn.Config) -> None:
        self._host = configuration.host
        self._backlog = configuration.backlog
        first = _bound(self._host, configuration.port)
        first.listen(self._backlog)  # binding alone may succeed twice
        self.port: int = first.getsockname()[1]
        self.sockets = [first] * configuration.workers
        # True if each worker has one of its own.
        self.are_many = SHARES_OUT and configuration.workers > 1
        if self.are_many:
            # The port was free, which sockets that share it could not find out. Keep it until
            # they have it, and take no connection.
            first.shutdown(socket.SHUT_RDWR)
            try:
                self.sockets = [self._one_of_many() for _ in self.sockets]
            finally:
                first.close()

    def add(self) -> socket.socket:
        """Return a socket for one more worker."""
        self.sockets.append(self._one_of_many() if self.are_many else self.sockets[0])
        return self.sockets[-1]

    def remove(self) -> None:
        """Give up the socket of the last worker; its worker keeps it until it ends."""
        last = self.sockets.pop()
        if self.are_many:
            last.close()

    def close(self) -> None:
        """Give up all sockets, so that each is gone with its worker."""
        for each in self.sockets:
            each.close()

    def _one_of_many(self) -> socket.socket:
        found = _bound(self._host, self.port, is_shared=True)
        found.listen(self._backlog)
        return found


def admit_no_more(listening: socket.socket) -> None:
    """Let no new connection begin; those that have begun still come.

    Closing a socket resets connections that are not accepted yet, whose clients may have sent
    a request already. A client that comes now asks again a second later, when the port is closed.
    Does nothing on other systems than Linux, nor where the kernel refuses the filter, as it does
    to users without rights once their programs take more than `net.core.bpf_jit_limit`: a client
    that comes in the last moment may find its connection reset then.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in _NO_SYN))
    described = struct.pack("HP", len(_NO_SYN), ctypes.addressof(program))
    try:
        listening.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, described)
    except OSError as error:
        logger.warning("the port closes without a filter: %s", error)


def admit_again(listening: socket.socket) -> None:
    """Undo `admit_no_more`, which another process that has this socket may have done."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # it has not
            listening.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


def _bound(host: str, port: int, *, is_shared: bool = False) -> socket.socket:
    """Bind a socket. Accepted ones inherit the options that are set here.

    On Linux, the kernel drops a connection whose client takes no data for twice
    `stuck_after_seconds` (TCP_USER_TIMEOUT, RFC 5482), and keeps at most UNSENT_BYTES beyond
    the client's window. Raises OSError.
    """
    # Not uvicorn's own, which only logs an address in use and exits.
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            patience = engine().stuck_after_seconds * 2
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience * 1000))
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        found.bind((host, port))
    except OSError:
        found.close()
        raise
    found.set_inheritable(True)  # for the workers
    return found
