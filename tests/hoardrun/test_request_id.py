"""Every answer names its request."""

from __future__ import annotations

import pytest
from django.test import Client

from hoardrun.proxies import TrustedProxies


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/accounts", "/nowhere"])
def test_it_names_every_request(db, path: str):
    first, second = (Client().get(path)["X-Request-ID"] for _ in range(2))
    assert len(first) == len(second) == 32
    assert first != second


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [("req-17:a.b_c", True), ("a" * 64, True), ("a" * 65, False), ("a b", False), ("\x00", False)],
)
def test_it_keeps_what_a_proxy_has_called_it(db, given: str, is_kept: bool):
    answer = Client().get("/healthz", headers={"X-Request-ID": given})
    assert (answer["X-Request-ID"] == given) is is_kept


@pytest.mark.parametrize(("peer", "kept"), [("10.0.0.1", 1), ("192.0.2.1", 0)])
async def test_only_a_trusted_proxy_chooses_it(peer: str, kept: int):
    seen: list[list[tuple[bytes, bytes]]] = []

    async def app(scope, receive, send) -> None:
        seen.append(scope["headers"])

    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-request-id", b"17")]}
    await TrustedProxies(app, ["10.0.0.1"])(scope, None, None)
    assert len(seen[0]) == kept
