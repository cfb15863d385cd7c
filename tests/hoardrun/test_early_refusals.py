"""Requests that are refused before Django get answers in the form of Django's."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import pytest

from hoardrun.asgi import Application
from hoardrun.policies import OF_DATA
from hoardrun.proxies import TrustedProxies
from realtime.core import refusals
from realtime.hub import hub
from tests.services.asgi import talk

ORIGIN = b"https://app.example.com"
OF_EVERY_ANSWER = {
    **{"cache-control": "no-store", "x-content-type-options": "nosniff"},
    "content-security-policy": OF_DATA,
}


@pytest.fixture(autouse=True)
def _a_front_end(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN.decode()]


def text_of(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in headers}


async def ask(
    *headers: tuple[bytes, bytes], app: Any = None, **scope: Any
) -> tuple[int, dict[str, str], bytes]:
    """Ask for what a server refuses."""
    whole = {"type": "http", "method": "POST", "path": "/api/v1/x", "headers": list(headers)}
    refused = {refusals.EXTENSION: refusals.too_large(64)}
    start, body = await talk(app or Application(), {**whole, **refused, **scope})
    return start["status"], text_of(start["headers"]), body["body"]


async def test_it_is_a_problem_that_names_its_request_and_is_never_stored() -> None:
    status, headers, body = await ask()
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert json.loads(body) == {
        "type": "about:blank",
        "title": HTTPStatus.REQUEST_ENTITY_TOO_LARGE.phrase,
        "status": 413,
        "detail": "Send no more than 64 bytes.",
        "code": "too_large",
        "instance": f"urn:request:{headers['x-request-id']}",
    }
    assert headers["content-length"] == str(len(body))
    assert headers.items() >= OF_EVERY_ANSWER.items()
    assert len(headers["x-request-id"]) == 32


async def test_a_page_of_an_allowed_origin_may_read_it_and_no_other() -> None:
    _, headers, _ = await ask((b"origin", ORIGIN))
    assert headers["access-control-allow-origin"] == ORIGIN.decode()
    assert "X-Request-ID" in headers["access-control-expose-headers"]
    assert "origin" in headers["vary"]
    for origin in (b"https://evil.example.com", b"\xff", b"https://[", b"null"):
        assert "access-control-allow-origin" not in (await ask((b"origin", origin)))[1]


async def test_the_question_of_a_browser_is_answered_so_that_the_page_reads_the_refusal() -> None:
    status, headers, _ = await ask(
        (b"origin", ORIGIN), (b"access-control-request-method", b"POST"), method="OPTIONS"
    )
    assert (status, headers["access-control-allow-origin"]) == (200, ORIGIN.decode())


@pytest.mark.parametrize(("peer", "is_kept"), [("10.0.0.1", True), ("192.0.2.1", False)])
async def test_only_a_trusted_proxy_names_the_request(peer: str, is_kept: bool) -> None:
    app = TrustedProxies(Application(), ["10.0.0.1"])
    _, headers, _ = await ask((b"x-request-id", b"17"), app=app, client=(peer, 1))
    assert (headers["x-request-id"] == "17") is is_kept


@pytest.mark.parametrize(("path", "status"), [("/ws/notifications", 403), ("/ws/nothing", 404)])
async def test_a_handshake_that_is_refused_has_the_headers_of_every_answer(
    path: str, status: int
) -> None:
    scope = {
        "type": "websocket",
        "path": path,
        "query_string": b"",
        "headers": [(b"x-request-id", b"17")],
        "client": ("127.0.0.1", 1),
        "extensions": {"websocket.http.response": {}},
    }
    application = Application()
    application._is_started = True
    try:
        start, body = await talk(application, scope, {"type": "websocket.connect"})
    finally:
        await hub.close()
    headers = text_of(start["headers"])
    assert (start["status"], headers.pop("content-type")) == (status, "text/plain")
    assert body["body"].endswith(b"\n")
    assert headers == {**OF_EVERY_ANSWER, "x-request-id": "17"}
