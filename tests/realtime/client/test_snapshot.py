"""The address that a snapshot is fetched from, and the connection to it."""

from __future__ import annotations

import asyncio
import socket
from http.client import HTTPConnection
from typing import Any

import pytest

from realtime.client.snapshot import SnapshotFailed, fetch


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("ws://[::1]", ("::1", 80)),
        ("wss://[2001:db8::abcd]", ("2001:db8::abcd", 443)),
        ("ws://[::1]:8000", ("::1", 8000)),
        ("wss://bank.example", ("bank.example", 443)),
    ],
)
async def test_the_snapshot_comes_from_the_host_of_the_socket(
    host: str, asked: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[str, int]] = []

    def connect(connection: Any) -> None:
        tried.append((connection.host, connection.port))
        raise OSError("enough")

    monkeypatch.setattr(HTTPConnection, "connect", connect)
    with pytest.raises(SnapshotFailed, match="enough"):
        await fetch(f"{host}/ws/notifications", "/snapshot", "token", seconds=1)
    assert tried == [asked]


async def test_a_refusal_leaves_no_connection_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> bytes:
            taken, _ = server.accept()
            with taken:
                taken.settimeout(10)
                taken.recv(65536)
                taken.sendall(b"HTTP/1.1 403 -\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
                return taken.recv(1)  # raises while the client keeps it open

        refused = asyncio.create_task(asyncio.to_thread(refuse))
        url = f"ws://127.0.0.1:{server.getsockname()[1]}/ws/notifications"
        with pytest.raises(SnapshotFailed) as error:
            await fetch(url, "/snapshot", "token", seconds=10)
        assert (error.value.status, await refused) == (403, b"")
