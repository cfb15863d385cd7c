"""A connection of raw bytes: what it is sent is read up to a mark, or a number of bytes."""

from __future__ import annotations

import socket
from typing import Self

from tests.services.ports import PATIENCE


class ByteStream:
    """A connection to `port` of this machine. A read that waits longer than `seconds` times out."""

    def __init__(self, port: int, *, seconds: float = 10) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds * PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""  # received, and not read yet

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def until(self, mark: bytes) -> bytes:
        """Read up to `mark` and return what comes before it."""
        while mark not in self.rest:
            self.more()
        found, _, self.rest = self.rest.partition(mark)
        return found

    def read(self, size: int) -> bytes:
        """Read a number of bytes."""
        while len(self.rest) < size:
            self.more()
        found, self.rest = self.rest[:size], self.rest[size:]
        return found

    def more(self) -> None:
        """Add to `rest`; raises EOFError at the end, TimeoutError when nothing comes."""
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError("the other side closed the connection")
        self.rest += data

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
