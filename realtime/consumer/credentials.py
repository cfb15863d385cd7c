"""ASGI middleware that moves a socket's credential to `scope["token"]` or `scope["ticket"]`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlencode

from realtime.access import tickets
from realtime.access.tokens import verify
from realtime.core.handshake import CREDENTIALS, parse_query
from realtime.core.identity import Identity
from realtime.options import options

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

BEARER = "bearer."
SECRET_HEADERS = frozenset({b"authorization", b"cookie", b"sec-websocket-protocol"})


class Offered:
    """An access token as it was offered: not checked yet, and written to no log."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def verify(self) -> Identity | None:
        """Return the identity that the token proves, or None if it is no good."""
        return verify(self._text) if self._text else None

    def __repr__(self) -> str:
        return "Offered([redacted])"


class JWTAuthMiddleware:
    """Find the credential of a WebSocket handshake, and leave its check to the gate.

    The order: `Authorization: Bearer`, a subprotocol `bearer.<jwt>`, the query's `ticket`, the
    query's `token` unless settings refuse it. It sets in the scope:

    - `token`: an `Offered` token, or None; `ticket`: the hash of a ticket to redeem, or None
    - `credential`: whether any was offered, so that a bad one differs from none
    - `identity`: None, for the gate to set
    - `query`: the other parameters; `query_flaw`: an error in them for the client, or None

    The secret itself is taken out of the scope: nothing behind this can log it.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        query_string = scope.get("query_string", b"")
        pairs, flaw = parse_query(query_string)
        token, ticket = _credential(scope, dict(pairs))
        public = [pair for pair in pairs if pair[0] not in CREDENTIALS]
        is_public = flaw is None and len(public) == len(pairs)
        clean = dict(
            scope,
            identity=None,
            token=None if token is None else Offered(token),
            ticket=None if ticket is None else tickets.digest(ticket),
            credential=token is not None or ticket is not None,
            subprotocols=[p for p in scope.get("subprotocols", []) if not p.startswith(BEARER)],
            headers=[pair for pair in scope.get("headers", []) if pair[0] not in SECRET_HEADERS],
            query_string=query_string if is_public else urlencode(public).encode(),
            query=dict(public),
            query_flaw=flaw,
        )
        await self.app(clean, receive, send)


def _credential(scope: Scope, query: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return a token or a ticket, the first that is offered."""
    for name, value in scope.get("headers", []):
        if name == b"authorization":
            kind, _, rest = value.decode("latin-1").partition(" ")
            if kind.lower() == "bearer" and rest.strip():
                return str(rest.strip()), None
    for protocol in scope.get("subprotocols", []):
        if protocol.startswith(BEARER):
            return str(protocol[len(BEARER) :]), None
    if "ticket" in query:
        return None, query["ticket"]
    if "token" in query:
        # Refused, it still counts as offered: the client is told that it is no good.
        return (query["token"] if options().allow_query_token else ""), None
    return None, None
