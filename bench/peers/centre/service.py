"""A push service that accepts all that comes, as cheaply as Python can: it is not what is measured.

Run as `python -m bench.peers.centre.service <port>`; it says when it listens.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count

ANSWER = b"HTTP/1.1 201 Created\r\nLocation: /m/%d\r\nContent-Length: 0\r\n\r\n"
NUMBERS = count(1)
END = b"\r\n\r\n"


class Service(asyncio.Protocol):
    """One connection: each whole request is answered."""

    def __init__(self) -> None:
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while (length := whole(self._rest)) is not None:
            self._rest = self._rest[length:]
            self._transport.write(ANSWER % next(NUMBERS))


def whole(data: bytes) -> int | None:
    """Return the length of the first request of some bytes; None before all of it is there."""
    end = data.find(END)
    if end < 0:
        return None
    size = 0
    for line in data[:end].split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            size = int(value)
    length = end + len(END) + size
    return length if len(data) >= length else None


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Service, "127.0.0.1", port)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
