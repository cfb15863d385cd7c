"""WebSocket frames on raw bytes, and the markers that messages of a benchmark carry.

A message holds `~<number>.<nanoseconds>~` somewhere in its text: its number, from 0,
and the monotonic clock when it was published.
"""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Sequence

MARKER = re.compile(rb"~(\d+)\.(\d+)~")
HEADER_END = b"\r\n\r\n"
CONTINUATION, TEXT, BINARY, CLOSE, PING = 0x0, 0x1, 0x2, 0x8, 0x9


def marker(number: int, nanoseconds: int) -> str:
    """Write the marker of one message."""
    return f"~{number}.{nanoseconds}~"


class Chunk:
    """What some received bytes hold: whole frames, and the beginning of the next.

    `numbers` and `published` describe the markers in the order of their arrival.
    Sockets that received the same bytes share one chunk; each adds to `received`
    when that was, so that a delivery costs the client no more than that.
    """

    __slots__ = (
        "closed",
        "follows",
        "numbers",
        "payload",
        "pings",
        "published",
        "received",
        "tail",
    )

    def __init__(self, data: bytes) -> None:
        self.numbers: list[int] = []
        self.published: list[int] = []
        self.received = array("q")
        self.pings: list[bytes] = []
        self.closed: bytes | None = None
        payloads: list[bytes] = []
        position = 0
        while (header := _header(data, position)) is not None:
            opcode, start, end = header
            if opcode == PING:
                self.pings.append(data[start:end])
            elif opcode == CLOSE:
                self.closed = data[start:end]
            elif opcode in (CONTINUATION, TEXT, BINARY):
                payloads.append(data[start:end])
            position = end
        self.tail = data[position:]
        payload = b"".join(payloads)
        for found in MARKER.finditer(payload):
            self.numbers.append(int(found[1]))
            self.published.append(int(found[2]))
        # Whether the numbers follow each other, which one comparison then checks a socket by.
        first = self.numbers[0] if self.numbers else 0
        self.follows = self.numbers == list(range(first, first + len(self.numbers)))


def _header(data: bytes, position: int) -> tuple[int, int, int] | None:
    """Return opcode, start and end of the payload at `position`; None if it is not whole."""
    if len(data) < position + 2:
        return None
    length = data[position + 1] & 0x7F
    start = position + 2
    if length > 125:
        size = 2 if length == 126 else 8
        start += size
        if len(data) < start:
            return None
        length = int.from_bytes(data[start - size : start], "big")
    if len(data) < start + length:
        return None
    return data[position] & 0x0F, start, start + length


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """Write a frame as servers do, unmasked."""
    size = len(payload)
    if size <= 125:
        return bytes((0x80 | opcode, size)) + payload
    if size < 1 << 16:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def masked(payload: bytes, opcode: int = TEXT) -> bytes:
    """Write a frame as clients must, masked."""
    plain = frame(payload, opcode)
    header = len(plain) - len(payload)
    mask = os.urandom(4)
    repeated = mask * (len(payload) // 4 + 1)
    body = bytes(a ^ b for a, b in zip(payload, repeated, strict=False))
    return bytes((plain[0], plain[1] | 0x80)) + plain[2:header] + mask + body


def handshake(path: str, host: str, headers: Sequence[tuple[str, str]]) -> bytes:
    """Write the upgrade request, without an offer to compress."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode()
