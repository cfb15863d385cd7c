"""Fetch the snapshot that a `resync_required` names, over HTTP in a thread."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit


class SnapshotFailed(Exception):
    """No snapshot; `status` is the HTTP status, None without an answer."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


async def fetch(ws_url: str, path: str, token: str, *, seconds: float) -> dict[str, Any]:
    """Fetch a snapshot from a path on the socket's own host. Raises SnapshotFailed."""
    if not path.startswith("/") or path.startswith("//"):
        raise SnapshotFailed(f"{path!r} is no path on this server")
    return await asyncio.to_thread(_get, ws_url, path, token, seconds)


def _get(ws_url: str, path: str, token: str, seconds: float) -> dict[str, Any]:
    """Ask once: this library follows no redirect, which would carry the token to another host."""
    parts = urlsplit(ws_url)
    kind = HTTPSConnection if parts.scheme == "wss" else HTTPConnection
    try:
        # Without a port, the library would look for one in an IPv6 address.
        port = parts.port or kind.default_port
        connection = kind(parts.hostname or "", port, timeout=seconds)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            # An answer that is left unread keeps its socket open.
            with connection.getresponse() as answer:
                if answer.status != HTTPStatus.OK:
                    raise SnapshotFailed(f"HTTP {answer.status}", answer.status)
                snapshot: dict[str, Any] = json.load(answer)
        finally:
            connection.close()
        if "positions" not in snapshot or "epoch" not in snapshot:
            raise SnapshotFailed("the answer holds no positions")
        return snapshot
    except (OSError, HTTPException, ValueError, TypeError) as error:
        raise SnapshotFailed(str(error) or type(error).__name__) from None
