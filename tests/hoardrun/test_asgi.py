"""A node serves only once it has started; without lifespan events it starts under DEBUG only."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hoardrun.asgi import Application
from realtime.protocol.codes import CloseCode
from tests.services.asgi import talk


async def asked(app: Application, scope: dict[str, Any], *messages: Any) -> list[Any]:
    """Return what an application sends."""
    return await talk(app, {"headers": [], "query_string": b"", **scope}, *messages)


async def nothing() -> None:
    """Start no node, and succeed."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Start no node, slowly; return one item for each start."""
    starts: list[None] = []

    async def start() -> None:
        starts.append(None)
        await asyncio.sleep(0)

    monkeypatch.setattr("realtime.cluster.reporter.start", start)
    return starts


@pytest.fixture
def not_started(monkeypatch: pytest.MonkeyPatch) -> Application:
    """An application whose node cannot start."""

    async def fail() -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr("realtime.cluster.reporter.start", fail)
    return Application()


GET = {"type": "http", "path": "/healthz", "method": "GET"}
SOCKET = {"type": "websocket", "path": "/ws/notifications", "subprotocols": ["hoardrun.v1"]}
REQUEST = {"type": "http.request", "body": b"", "more_body": False}


async def is_refused(app: Application) -> bool:
    """Say whether HTTP is answered with a problem, and sockets close to come back."""
    start, body = await asked(app, GET, REQUEST)
    accept, close = await asked(app, SOCKET, {"type": "websocket.connect"})
    return (
        (start["status"], dict(start["headers"]).get(b"retry-after")) == (503, b"1")
        and json.loads(body["body"])["code"] == "unavailable"
        and accept == {"type": "websocket.accept", "subprotocol": "hoardrun.v1"}
        and close["code"] == CloseCode.RESTART
    )


async def test_without_lifespan_events_nobody_is_served_outside_debug(
    started: list[None], caplog: pytest.LogCaptureFixture
) -> None:
    assert await is_refused(Application())
    assert started == []
    assert "this server has no lifespan events: use `manage.py serve`" in caplog.text


async def test_without_lifespan_events_requests_at_once_start_one_node_under_debug(
    started: list[None], settings: Any
) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["*"]
    app = Application()
    scope = {**GET, "headers": [(b"host", b"testserver")]}
    answers = await asyncio.gather(*(asked(app, scope, REQUEST) for _ in range(5)))
    assert [answer[0]["status"] for answer in answers] == [200] * 5
    assert started == [None]


async def test_a_start_that_fails_is_logged_and_tried_again_by_the_next_request_under_debug(
    not_started: Application,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.DEBUG = True
    assert await is_refused(not_started)
    assert "the node has not started: RuntimeError: no database" in caplog.text
    monkeypatch.setattr("realtime.cluster.reporter.start", nothing)
    scope = {**GET, "headers": [(b"host", b"localhost")]}
    assert (await asked(not_started, scope, REQUEST))[0]["status"] == 200


async def test_with_lifespan_events_the_server_is_told_why_it_does_not_start(
    not_started: Application,
) -> None:
    [failed] = await asked(not_started, {"type": "lifespan"}, {"type": "lifespan.startup"})
    assert failed["type"] == "lifespan.startup.failed"
    assert failed["message"] == "The node has not started: RuntimeError: no database"
