"""Refuses handshakes early, with an HTTP status, before a socket costs anything.

A handshake that passes is accepted, and is told of any later refusal by a close code.
"""

from __future__ import annotations

import logging
import random
import time
from http import HTTPStatus
from typing import Any, NamedTuple

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from realtime.consumer.credentials import Application, Scope
from realtime.core import origin, refusals
from realtime.core.limits import network_of
from realtime.hub.hub import Hub, ensure
from realtime.meters import meters
from realtime.servers import door

logger = logging.getLogger(__name__)

MAY_COME_BACK = {"draining", "full", "bad_tokens", "anonymous"}
PORT_DIGITS = 5
_RESPONSE = "websocket.http.response"  # the ASGI extension to refuse with a status


class Refusal(NamedTuple):
    """An answer in place of a handshake."""

    status: HTTPStatus
    reason: str
    counts_as: str = ""  # in `connections_refused`


_NO_ROOM = (HTTPStatus.SERVICE_UNAVAILABLE, door.REASON)
_TOO_MANY = (HTTPStatus.TOO_MANY_REQUESTS, "Too many from this address; come back later.")
DRAINING, FULL = Refusal(*_NO_ROOM, "draining"), Refusal(*_NO_ROOM, "full")
BAD_TOKENS, ANONYMOUS = Refusal(*_TOO_MANY, "bad_tokens"), Refusal(*_TOO_MANY, "anonymous")
WRONG_ORIGIN = Refusal(
    HTTPStatus.FORBIDDEN,
    "Pages of this origin may not connect; WS_ALLOWED_ORIGINS of the server names those that may.",
    "origin",
)
STRANGER = Refusal(
    HTTPStatus.FORBIDDEN,
    "There is neither a credential nor an Origin; bring a token or a ticket.",
    "stranger",
)
NOT_FOUND = Refusal(HTTPStatus.NOT_FOUND, "There is no socket here; /ws/notifications is one.")


class Gate:
    """Lets a handshake pass, or answers 403, 429 or 503. Behind JWTAuthMiddleware."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self._told = origin.Told()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        hub = await ensure()
        refusal = _refusal(scope, hub)
        if refusal is None:
            await self.app(scope, receive, send)
            return
        meters.connections_refused[refusal.counts_as] += 1
        if refusal is WRONG_ORIGIN:
            shown = self._told.tell(_origins(scope)[0], time.monotonic())
            if shown is not None:
                logger.warning("refused a page from %s; add it to WS_ALLOWED_ORIGINS", shown)
        await refuse(scope, receive, send, refusal)


def address_of(scope: Scope) -> str:
    """Return the client's address, as the server saw it or a trusted proxy told it."""
    return str((scope.get("client") or ("",))[0])


def _origins(scope: Scope) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == b"origin"]


def _refusal(scope: Scope, hub: Hub) -> Refusal | None:
    """Judge a handshake, the cheapest reasons first; set its identity if the token is good.

    The signature is checked last: an address that has offered too many bad tokens is refused
    without a check, and so, for a moment, are good tokens from there.
    """
    if hub.draining:
        return DRAINING
    if len(hub.sockets) >= hub.max_connections:
        return FULL
    origins = _origins(scope)
    if not origin.is_allowed(
        origins,
        allowed=origin.allowed(tuple(hub.options.allowed_origins)),
        own=_own(scope) if origins else None,
        has_credential=scope["credential"],
        loopback=hub.options.allow_loopback_origins,
    ):
        return WRONG_ORIGIN if origins else STRANGER
    network, now = network_of(address_of(scope)), time.monotonic()
    if not hub.refusals.has(network, now):
        return BAD_TOKENS
    if scope["token"] is None:
        few = hub.sockets.anonymous[network] < hub.options.max_anonymous_per_address
        return None if few else ANONYMOUS
    scope["identity"] = scope["token"].verify()
    if scope["identity"] is None:
        hub.refusals.take(network, now)  # of a ticket, or a token in a message, the login tells
    return None


def _own(scope: Scope) -> str | None:
    """Return the origin of this server's own pages, if the client speaks of a host of ours."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    host, port = split_domain_port(hosts[0].decode("latin-1")) if len(hosts) == 1 else ("", "")
    allowed = settings.ALLOWED_HOSTS
    if not host or "*" in allowed or not validate_host(host, allowed) or len(port) > PORT_DIGITS:
        return None
    return origin.serialise("https" if _is_secure(scope) else "http", host, int(port or 0) or None)


def _is_secure(scope: Scope) -> bool:
    header = getattr(settings, "SECURE_PROXY_SSL_HEADER", None)
    if header is not None:
        name = header[0].removeprefix("HTTP_").replace("_", "-").lower().encode()
        found = dict(scope["headers"]).get(name, b"").split(b",")[0].strip()
        return bool(found == header[1].encode())
    return scope.get("scheme") in {"wss", "https"}


async def refuse(scope: Scope, receive: Any, send: Any, refusal: Refusal) -> None:
    """Answer a handshake with a status and a line of text, where the server can."""
    await receive()  # websocket.connect
    if _RESPONSE not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})  # which ASGI makes a 403
        return
    headers = [(b"content-type", b"text/plain")]
    if (of_all := scope.get(refusals.HEADERS)) is not None:
        headers += of_all(scope)
    if refusal.counts_as in MAY_COME_BACK:
        headers.append((b"retry-after", str(random.randint(*door.RETRY_AFTER_SECONDS)).encode()))
    await send({"type": f"{_RESPONSE}.start", "status": int(refusal.status), "headers": headers})
    await send({"type": f"{_RESPONSE}.body", "body": f"{refusal.reason}\n".encode()})
