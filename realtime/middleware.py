"""ASGI middleware: a socket's credential becomes `scope["identity"]` or `scope["ticket"]`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from realtime import tickets
from realtime.options import options
from realtime.tokens import verify

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

BEARER = "bearer."
SECRET_HEADERS = frozenset({b"authorization", b"cookie", b"sec-websocket-protocol"})
SECRET_PARAMETERS = frozenset({"token", "ticket"})


class JWTAuthMiddleware:
    """Find the credential of a WebSocket handshake, and check an access token.

    In this order: `Authorization: Bearer`, a subprotocol `bearer.<jwt>`, the query's
    `ticket`, the query's `token` unless settings refuse it. Sets `scope["identity"]` to
    whom a good token speaks for, `scope["ticket"]` to the hash of a ticket, which is yet
    to be redeemed, and `scope["credential"]` to whether any was offered, so that a bad one
    is told from none. The secret itself is taken out of the scope: nothing behind this can
    log it.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        token, ticket = _credential(scope)
        clean = dict(
            scope,
            identity=verify(token) if token else None,
            ticket=None if ticket is None else tickets.digest(ticket),
            credential=token is not None or ticket is not None,
            subprotocols=[p for p in scope.get("subprotocols", []) if not p.startswith(BEARER)],
            headers=[pair for pair in scope.get("headers", []) if pair[0] not in SECRET_HEADERS],
            query_string=_without_secrets(scope.get("query_string", b"")),
        )
        await self.app(clean, receive, send)


def _credential(scope: Scope) -> tuple[str | None, str | None]:
    """Return a token or a ticket, whichever is offered first."""
    for name, value in scope.get("headers", []):
        if name == b"authorization":
            kind, _, rest = value.decode("latin-1").partition(" ")
            if kind.lower() == "bearer" and rest.strip():
                return str(rest.strip()), None
    for protocol in scope.get("subprotocols", []):
        if protocol.startswith(BEARER):
            return str(protocol[len(BEARER) :]), None
    text = scope.get("query_string", b"").decode("latin-1")
    query = parse_qs(text, keep_blank_values=True)  # a blank one is a bad one, not none
    if "ticket" in query:
        return None, query["ticket"][0]
    if "token" in query:
        # Refused, it still counts as offered: the client is told that it is no good.
        return (query["token"][0] if options().allow_query_token else ""), None
    return None, None


def _without_secrets(query_string: bytes) -> bytes:
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] not in SECRET_PARAMETERS]).encode()
