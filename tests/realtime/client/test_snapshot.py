"""The address that a snapshot is fetched from."""

from __future__ import annotations

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
