"""ASGI middleware: a socket's credential becomes `scope["identity"]`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from realtime.tokens import Identity, verify

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

BEARER = "bearer."
SECRET_HEADERS = frozenset({b"authorization", b"cookie", b"sec-websocket-protocol"})


class JWTAuthMiddleware:
    """Find and check the access token of a WebSocket handshake.

    In this order: `Authorization: Bearer`, a subprotocol `bearer.<jwt>`, the query's
    `token`. Sets `scope["identity"]` to an Identity, and `scope["credential"]` to
    whether any was offered, so that a bad one is told from none. The token itself
    is taken out of the scope: nothing behind this can log it.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        token = _token(scope)
        identity: Identity | None = verify(token) if token else None
        clean = dict(
            scope,
            identity=identity,
            credential=token is not None,
            subprotocols=[p for p in scope.get("subprotocols", []) if not p.startswith(BEARER)],
            headers=[pair for pair in scope.get("headers", []) if pair[0] not in SECRET_HEADERS],
            query_string=_without_token(scope.get("query_string", b"")),
        )
        await self.app(clean, receive, send)


def _token(scope: Scope) -> str | None:
    for name, value in scope.get("headers", []):
        if name == b"authorization":
            kind, _, rest = value.decode("latin-1").partition(" ")
            if kind.lower() == "bearer" and rest.strip():
                return str(rest.strip())
    for protocol in scope.get("subprotocols", []):
        if protocol.startswith(BEARER):
            return str(protocol[len(BEARER) :])
    given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token")
    return given[0] if given else None


def _without_token(query_string: bytes) -> bytes:
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] != "token"]).encode()
