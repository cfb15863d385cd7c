"""Parse received bytes, and the markers in the messages of a benchmark.

A message holds `~<number>.<nanoseconds>~` somewhere in its text: its number, from 0,
and the monotonic clock when it was published.
"""

from __future__ import annotations

import re
from array import array

from tests.services.frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, header

MARKER = re.compile(rb"~(\d+)\.(\d+)~")
HEADER_END = b"\r\n\r\n"


def marker(number: int, nanoseconds: int) -> str:
    """Write the marker of one message."""
    return f"~{number}.{nanoseconds}~"


class Chunk:
    """The content of received bytes: whole frames, and the beginning of the next.

    `numbers` and `published` describe the markers in the order of their arrival; `texts` counts
    the messages, with or without one.
    Sockets that received the same bytes share one chunk; each adds to `received`
    when that was, so that a delivery costs the client no more than that.
    """

    __slots__ = (
        "closed",
        "follows",
        "numbers",
        "pings",
        "published",
        "received",
        "tail",
        "texts",
    )

    def __init__(self, data: bytes) -> None:
        self.numbers: list[int] = []
        self.published: list[int] = []
        self.received = array("q")
        self.pings: list[bytes] = []
        self.closed: bytes | None = None
        payloads: list[bytes] = []
        self.texts = 0
        position = 0
        while (found := header(data, position)) is not None:
            opcode, start, end = found
            if opcode == PING:
                self.pings.append(data[start:end])
            elif opcode == CLOSE:
                self.closed = data[start:end]
            elif opcode in (CONTINUATION, TEXT, BINARY):
                payloads.append(data[start:end])
                self.texts += opcode != CONTINUATION
            position = end
        self.tail = data[position:]
        payload = b"".join(payloads)
        for number, moment in MARKER.findall(payload):
            self.numbers.append(int(number))
            self.published.append(int(moment))
        # True if the numbers follow each other: then one comparison checks a socket.
        first = self.numbers[0] if self.numbers else 0
        self.follows = self.numbers == list(range(first, first + len(self.numbers)))
