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
) -> tuple[int, dict[str, str]]:
    """Offer a handshake with these headers added; return the status and headers of the answer.

    The connection is dropped at once. See `refusal` for the body.
    """
    status, fields, _ = await _offer(port, path, headers, host, with_body=False)
    return status, fields


async def refusal(
    port: int, path: str = "/ws/notifications", headers: Sequence[tuple[str, str]] = ()
) -> tuple[int, str]:
    """Offer a handshake that is refused; return the status and the text of the answer."""
    status, _, body = await _offer(port, path, headers, None, with_body=True)
    return status, body


async def _offer(
    port: int,
    path: str,
    headers: Sequence[tuple[str, str]],
    host: str | None,
    *,
    with_body: bool,
) -> tuple[int, dict[str, str], str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(offer(port, path, headers, host=host))
        async with asyncio.timeout(5 * PATIENCE):
            answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            body = (await reader.read()).decode() if with_body else ""
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    fields = (line.partition(":") for line in answer[1:] if line)
    found = {name.lower(): value.strip() for name, _, value in fields}
    return int(answer[0].split()[1]), found, body
