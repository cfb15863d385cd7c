"""The limits of a request's size on any server; `manage.py serve` applies them earlier."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from hoardrun.early_refusals import refuse
from realtime.core import bodies, heads, refusals
from realtime.core.refusals import Refusal

MAX_DIGITS = 18  # of a length that is read as a number


class Bounded:
    """ASGI middleware for HTTP: the application gets requests that it can read at little cost.

    The body is read first, and handed over whole and with its length: no more than
    `realtime.core.bodies` allows the path, and within HTTP_BODY_SECONDS.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if heads.is_too_dear(scope["headers"]):
            await refuse(refusals.HEAD_TOO_LARGE, scope, send)
            return
        if flaw := heads.flaw(scope["headers"], scope.get("query_string", b"")):
            await refuse(refusals.unreadable(flaw), scope, send)
            return
        limit = bodies.limit_of(_path(scope))
        try:
            async with asyncio.timeout(settings.HTTP_BODY_SECONDS):
                first = (
                    refusals.too_large(limit)
                    if _is_declared_above(limit, scope["headers"])
                    else await _whole(receive, limit)
                )
        except TimeoutError:
            first = refusals.BODY_TOO_LATE
        if isinstance(first, Refusal):
            await refuse(first, scope, send)
            return
        scope = {**scope, "headers": _with_length(scope["headers"], first.get("body", b""))}
        waiting = [first]

        async def receive_rest() -> Any:
            return waiting.pop() if waiting else await receive()

        await self._app(scope, receive_rest, send)


def _path(scope: Any) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _is_declared_above(limit: int, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Say so if Content-Length does, which may lie to the other side."""
    lengths = [value for name, value in headers if name == b"content-length" and value.isdigit()]
    return any(len(text.lstrip(b"0")) > MAX_DIGITS or int(text) > limit for text in lengths)


def _with_length(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Any:
    """Say how long a body is that came in chunks: Django and DRF take it for empty otherwise."""
    if not body or any(name == b"content-length" for name, _ in headers):
        return headers
    others = [pair for pair in headers if pair[0] != b"transfer-encoding"]
    return [*others, (b"content-length", str(len(body)).encode())]


async def _whole(receive: Any, limit: int) -> dict[str, Any] | Refusal:
    """Read the body into one message; or return the client's leaving, or why it is refused."""
    body = bytearray()
    while True:
        message: dict[str, Any] = await receive()
        if message["type"] != "http.request":
            return message
        body += message.get("body", b"")
        if len(body) > limit:
            return refusals.too_large(limit)
        if not message.get("more_body", False):
            return {**message, "body": bytes(body)}
