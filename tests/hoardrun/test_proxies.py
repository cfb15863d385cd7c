"""Only a trusted proxy says that a request came by HTTPS, and from where."""

from __future__ import annotations

import pytest

from tests.services import web
from tests.services.handshake import shake
from tests.services.server import Server

pytestmark = pytest.mark.servers
HTTPS = {"X-Forwarded-Proto": "https"}
ENV = {"BEHIND_TLS_PROXY": "1", "SECURE_SSL_REDIRECT": "0", "ALLOWED_HOSTS": "127.0.0.1"}


def is_secure(server: Server) -> bool:
    """Ask as a browser does; a browser that came by HTTPS is told to go on doing so."""
    answer = web.request("GET", f"{server.url}/readyz", headers=HTTPS)
    assert answer.status == 200
    return "strict-transport-security" in answer.headers


async def own_page_status(server: Server) -> int:
    headers = [("Origin", "https://127.0.0.1"), *HTTPS.items()]
    status, *_ = await shake(server.port, headers=headers, host="127.0.0.1")
    return status


@pytest.mark.parametrize(
    ("proxies", "believed"),
    [("127.0.0.1", True), ("127.0.0.0/8, 10.0.0.7", True), ("10.0.0.7", False), ("", True)],
)
async def test_the_scheme_is_believed_of_trusted_proxies_or_of_all_if_none_is_named(
    proxies: str, believed: bool
) -> None:
    with Server(env={**ENV, "TRUSTED_PROXIES": proxies}) as server:
        assert is_secure(server) is believed
        assert (await own_page_status(server) == 101) is believed
