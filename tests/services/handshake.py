"""A WebSocket handshake by hand: for what no well-behaved client would send."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.services.server import Server
from tests.services.stream import ByteStream

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def offer(
    port: int,
    path: str = "/ws/notifications",
    headers: Sequence[tuple[str, str]] = (),
    *,
    host: str | None = None,
) -> bytes:
    """Write a handshake with these headers added."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host or f'127.0.0.1:{port}'}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {KEY}",
        "Sec-WebSocket-Version: 13",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def shake(
    port: int,
    path: str = "/ws/notifications",
    headers: Sequence[tuple[str, str]] = (),
    *,
    host: str | None = None,
) -> tuple[int, dict[str, str], str]:
    """Offer a handshake with these headers added; return status, headers and text of the answer.

    The connection is dropped at once.
    """

    def ask() -> tuple[int, dict[str, str], str]:
        with ByteStream(port, seconds=20) as stream:
            stream.send(offer(port, path, headers, host=host))
            status, found = parse(stream.until(b"\r\n\r\n"))
            return status, found, stream.read(int(found.get("content-length", 0))).decode()

    return await asyncio.to_thread(ask)


def parse(head: bytes) -> tuple[int, dict[str, str]]:
    """Take the head of an answer apart: its status, and its headers by names in lower case."""
    status, *lines = head.decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in lines)
    return int(status.split()[1]), {name.lower(): value.strip() for name, _, value in fields}


async def status_of(
    server: Server,
    *headers: tuple[str, str],
    path: str = "/ws/notifications",
    host: str | None = None,
) -> int:
    """Offer a handshake with these headers; return the status of the answer."""
    status, found, _ = await shake(server.port, path, headers, host=host)
    assert (status in {429, 503}) == ("retry-after" in found)
    return status
