"""Ask the application behind its bounds, byte by byte as a server would, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import unquote

from asgiref.sync import async_to_sync
from django.core.asgi import get_asgi_application
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from hoardrun.bounds import Bounded
from tests.services.web import Answer

Headers = Sequence[tuple[bytes, bytes]]


def ask(
    method: str, path: str, query: bytes = b"", headers: Headers = (), body: bytes = b""
) -> Answer:
    """Send one request; `path` is percent-encoded, and decoded as uvicorn does it.

    Views run in the calling thread, so within the transaction of a test.
    """
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [
            (b"host", b"testserver"),
            (b"content-length", str(len(body)).encode()),
            *headers,
        ],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
    }
    # As Django's own test client does: the connection is the test's.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        return async_to_sync(_ask)(scope, body)
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@cache
def _application() -> Any:
    return Bounded(get_asgi_application())


async def talk(application: Any, scope: dict[str, Any], *messages: Any) -> list[dict[str, Any]]:
    """Run an application on a scope and what a client sends; return what it sends."""
    waiting, sent = list(messages), list[dict[str, Any]]()

    async def receive() -> Any:
        if not waiting:
            await asyncio.Event().wait()  # the client stays, and is silent
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await application(scope, receive, send)
    return sent


async def _ask(scope: dict[str, Any], body: bytes) -> Answer:
    request = {"type": "http.request", "body": body, "more_body": False}
    start, *rest = await talk(_application(), scope, request)
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    text = b"".join(part.get("body", b"") for part in rest).decode(errors="replace")
    return Answer(start["status"], headers, text)
