"""A WebSocket client that shows the bytes as they came, and answers nothing by itself.

What it sends is as right or wrong as the test wants it.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.services import handshake
from tests.services.ports import PATIENCE

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


def masked(opcode: int, payload: bytes = b"") -> bytes:
    """Return a frame of a client, of up to 125 bytes; its mask is all zeros."""
    assert len(payload) <= 125
    return bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload


@dataclass(frozen=True)
class RawFrame:
    """One frame of the server: its opcode, whether it is compressed, its bytes as they came."""

    opcode: int
    compressed: bool
    payload: bytes


class RawClient:
    """One connection; `extensions` is what the server agreed to, empty for nothing."""

    def __init__(self, ws_url: str, token: str = "", *, offer: str | None = None) -> None:
        address = urlsplit(ws_url)
        assert address.hostname and address.port
        self._socket = socket.create_connection((address.hostname, address.port))
        self._socket.settimeout(10 * PATIENCE)
        headers = {"Authorization": f"Bearer {token}" if token else None}
        headers["Sec-WebSocket-Extensions"] = offer
        given = [(name, value) for name, value in headers.items() if value]
        self._socket.sendall(handshake.offer(address.port, address.path, given))
        self._rest = b""
        status, *answered = self._until(b"\r\n\r\n").decode().split("\r\n")
        assert " 101 " in status, status
        named = dict(line.lower().split(": ", 1) for line in answered)
        self.extensions = named.get("sec-websocket-extensions", "")

    def receive(self) -> RawFrame:
        """Return the next frame; raises TimeoutError when none comes, EOFError at the end."""
        first, second = self._read(2)
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(self._read(2 if size == 126 else 8), "big")
        return RawFrame(first & 0x0F, bool(first & 0x40), self._read(size))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._rest:
            self._receive()
        found, _, self._rest = self._rest.partition(mark)
        return found

    def _read(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._receive()
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def _receive(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            raise EOFError("the server closed the connection")
        self._rest += data
