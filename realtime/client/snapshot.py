"""Fetch the snapshot that a `resync_required` names, over HTTP in a thread."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.parse import urlsplit


class SnapshotFailed(Exception):
    """No snapshot; `status` is the HTTP status, None without an answer."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Never follows redirects, which would carry the token to another host."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def address(ws_url: str, path: str) -> str:
    """Return the URL of a snapshot: a path on the socket's own host only.

    Raises SnapshotFailed.
    """
    if not path.startswith("/") or path.startswith("//"):
        raise SnapshotFailed(f"{path!r} is no path on this server")
    parts = urlsplit(ws_url)
    return f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}{path}"


async def fetch(ws_url: str, path: str, token: str, *, seconds: float) -> dict[str, Any]:
    """Fetch a snapshot. Raises SnapshotFailed."""
    return await asyncio.to_thread(_get, address(ws_url, path), token, seconds)


def _get(url: str, token: str, seconds: float) -> dict[str, Any]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with _opener.open(request, timeout=seconds) as answer:
            snapshot: dict[str, Any] = json.load(answer)
            if "positions" not in snapshot or "epoch" not in snapshot:
                raise SnapshotFailed("the answer holds no positions")
            return snapshot
    except urllib.error.HTTPError as error:
        error.close()
        raise SnapshotFailed(f"HTTP {error.code}", error.code) from None
    except (OSError, HTTPException, ValueError, TypeError) as error:
        raise SnapshotFailed(str(error) or type(error).__name__) from None
