"""A WebSocket handshake by hand: for what no well-behaved client would send."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from tests.services.ports import PATIENCE

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
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(offer(port, path, headers, host=host))
        async with asyncio.timeout(5 * PATIENCE):
            answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            fields = (line.partition(":") for line in answer[1:] if line)
            found = {name.lower(): value.strip() for name, _, value in fields}
            body = await reader.readexactly(int(found.get("content-length", 0)))
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return int(answer[0].split()[1]), found, body.decode()
