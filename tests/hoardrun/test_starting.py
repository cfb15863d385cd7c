"""A node that has not started serves nobody, and starts once it can."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from hoardrun import starting
from hoardrun.asgi import Application
from hoardrun.starting import Start
from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, USERS, connect, token_for
from tests.services.client import Client
from tests.services.server import Server


class Work:
    """Work that fails until it may succeed, and counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.fails = True
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> None:
        self.begun += 1
        await self.may_end.wait()
        if self.fails:
            raise RuntimeError("no database")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "PAUSE_SECONDS", 0)


async def test_all_who_wait_share_an_attempt() -> None:
    work = Work()
    work.may_end.clear()
    start = Start(work)
    waiting = [asyncio.create_task(start.wait()) for _ in range(50)]
    await asyncio.sleep(0)
    work.may_end.set()
    assert await asyncio.gather(*waiting) == [False] * 50
    assert work.begun == 1


async def test_a_start_that_failed_is_tried_again_until_it_is_done() -> None:
    work = Work()
    start = Start(work)
    assert not await start.wait()
    assert not await start.wait()
    work.fails = False
    assert await start.wait()
    assert await start.wait()
    assert work.begun == 3


async def test_after_a_failure_there_is_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "PAUSE_SECONDS", 1000)
    work = Work()
    start = Start(work)
    assert [await start.wait() for _ in range(20)] == [False] * 20
    assert work.begun == 1


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "WAIT_SECONDS", 0.01)
    work = Work()
    work.fails = False
    work.may_end.clear()
    start = Start(work)
    assert not await start.wait()
    work.may_end.set()
    assert await start.wait()  # of the same attempt
    assert work.begun == 1


async def test_who_leaves_while_waiting_ends_no_attempt() -> None:
    work = Work()
    work.fails = False
    work.may_end.clear()
    start = Start(work)
    leaves, stays = (asyncio.create_task(start.wait()) for _ in range(2))
    await asyncio.sleep(0)
    leaves.cancel()
    await asyncio.sleep(0)
    work.may_end.set()
    assert await stays
    assert work.begun == 1


async def asked(app: Application, scope: dict[str, Any], *messages: Any) -> list[Any]:
    """Return what an application sends."""
    sent: list[Any] = []
    waiting = list(messages)

    async def receive() -> Any:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"headers": [], "query_string": b"", **scope}, receive, send)
    return sent


@pytest.fixture
def not_started(monkeypatch: pytest.MonkeyPatch) -> Application:
    """An application whose node cannot start."""

    async def fail() -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr("realtime.cluster.reporter.start", fail)
    return Application()


async def test_requests_are_answered_with_503_and_a_problem(not_started: Application) -> None:
    for path in ("/api/v1/notifications", "/readyz", "/admin/"):
        start, body = await asked(not_started, {"type": "http", "path": path, "method": "GET"})
        assert start["status"] == 503
        assert dict(start["headers"])[b"retry-after"] == b"1"
        assert json.loads(body["body"])["code"] == "unavailable"


async def test_the_process_still_says_that_it_lives(not_started: Application) -> None:
    request = {"type": "http.request", "body": b"", "more_body": False}
    headers = [(b"host", b"testserver")]
    scope = {"type": "http", "path": "/healthz", "method": "GET", "headers": headers}
    assert (await asked(not_started, scope, request))[0]["status"] == 200


async def test_sockets_are_accepted_and_closed_with_a_code_to_come_back_upon(
    not_started: Application,
) -> None:
    scope = {"type": "websocket", "path": "/ws/notifications", "subprotocols": ["hoardrun.v1"]}
    accept, close = await asked(not_started, scope, {"type": "websocket.connect"})
    assert accept == {"type": "websocket.accept", "subprotocol": "hoardrun.v1"}
    assert close["code"] == CloseCode.RESTART


async def test_with_lifespan_the_server_is_told_why_it_does_not_start(
    not_started: Application,
) -> None:
    [failed] = await asked(not_started, {"type": "lifespan"}, {"type": "lifespan.startup"})
    assert failed["type"] == "lifespan.startup.failed"
    assert failed["message"] == "The node has not started: RuntimeError: no database"


@pytest.mark.servers
async def test_without_lifespan_it_serves_once_there_is_a_database(tmp_path: Path) -> None:
    file = tmp_path / "db.sqlite3"
    file.write_text("This is no database, and long enough for SQLite to look at." * 20)
    env = {"DEBUG": "1", "DATABASE_URL": f"sqlite:///{file}"}
    with Server("daphne", env=env, migrate=False) as server:
        answer = server.request("GET", "/api/v1/auth/me")
        assert (answer.status, answer.json()["code"]) == (503, "unavailable")
        client = await Client.open(server.ws_url, token=token_for(ALICE))
        assert await client.until_closed() == CloseCode.RESTART.private
        file.unlink()
        await asyncio.to_thread(server.manage, "migrate", "-v0")
        await asyncio.to_thread(server.manage, "shell", "-v0", "-c", USERS)
        async with asyncio.timeout(20):
            while server.request("GET", "/api/v1/auth/me").status != 401:
                await asyncio.sleep(0.1)
        alice, greeting = await connect(server, ALICE)
        async with alice:
            assert greeting["user_id"] == str(ALICE)
        assert "the node has not started: DatabaseError" in server.log()
        assert "Traceback" not in server.log()
