"""Whose word on the client counts: that of the proxies which TRUSTED_PROXIES names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_OF_PROXIES = {b"x-forwarded-proto", b"x-request-id"}
_SECURE = {"https", "wss"}


class TrustedProxies:
    """ASGI middleware: the client's address and scheme, as a trusted proxy tells them.

    Django and the gate believe X-Forwarded-Proto of anybody once BEHIND_TLS_PROXY is on: here
    it is dropped from untrusted peers. A request that the server knows to be secure stays so.
    """

    def __init__(self, app: Any, proxies: Sequence[str]) -> None:
        self._app = app
        self._believing: Any = ProxyHeadersMiddleware(app, list(proxies))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or scope.get("scheme") in _SECURE or self._trusts(scope):
            await self._believing(scope, receive, send)
            return
        headers = [pair for pair in scope["headers"] if pair[0] not in _OF_PROXIES]
        await self._app({**scope, "headers": headers}, receive, send)

    def _trusts(self, scope: Any) -> bool:
        return (scope.get("client") or ("",))[0] in self._believing.trusted_hosts


def behind(app: Any, proxies: Sequence[str]) -> Any:
    """Put an application behind these proxies; without any, leave it as it is.

    Then who connects may be one that TRUSTED_PROXIES should name (check W010), and is believed.
    """
    return TrustedProxies(app, proxies) if proxies else app
