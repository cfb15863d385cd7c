"""Ask the kernel which peers have left, and how many connections wait to be accepted."""

from __future__ import annotations

import asyncio
import socket
import struct

# The states of tcp(7) in which the peer has closed its side, or the connection is no more.
_LEFT = frozenset({7, 8, 9, 11})  # CLOSE, CLOSE_WAIT, LAST_ACK, CLOSING
_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)  # Linux

# Where `struct tcp_info` says how many connections wait, of a socket that listens.
_WAITING = struct.Struct("=24xI")


def has_left(transport: asyncio.BaseTransport) -> bool:
    """Return True if the peer of a TCP connection has closed its side.

    A busy event loop has not read that yet, and one that has stopped reading never does.
    """
    connection = transport.get_extra_info("socket")
    if _TCP_INFO is None or connection is None:
        return False
    try:
        return connection.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 1)[0] in _LEFT
    except (OSError, AttributeError):
        return False


def unaccepted(listening: socket.socket) -> int:
    """Return the number of connections that a listening socket has not accepted; 0 if unknown."""
    if _TCP_INFO is None:
        return 0
    try:
        found = listening.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _WAITING.size)
        return int(_WAITING.unpack(found)[0])
    except (OSError, struct.error):  # it is of another family, or closed
        return 0
