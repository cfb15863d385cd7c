"""A load balancer asks whether a node lives and whether it can serve."""

from __future__ import annotations

import asyncio
import gc
import json
from pathlib import Path

import pytest
import redis as redis_library
from django.http import HttpRequest
from django.test import Client

from hoardrun import health
from hoardrun.health import Shared
from realtime.hub import hub
from tests.services.ports import free_port, wait_until
from tests.services.redis import Redis
from tests.services.server import Kind, Server


@pytest.mark.parametrize("path", ["/healthz", "/healthz/"])
@pytest.mark.parametrize("redirects", [False, True])
def test_it_is_alive_without_a_database(settings, path: str, redirects: bool):
    settings.SECURE_SSL_REDIRECT = redirects  # probes speak plain HTTP
    answer = Client().get(path)  # no fixture lets this test touch the database
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/readyz", "/readyz/"])
def test_a_probe_may_call_a_node_by_its_address_and_nobody_else_may(db, path: str):
    probe = Client(headers={"host": "10.7.0.3:8000"})
    assert probe.get(path).status_code == 200
    assert probe.head(path).status_code == 200
    for other in ("/", "/api/v1/snapshot", "/healthz/x", "/static/x", "/ws/stats"):
        assert probe.get(other).status_code in {400, 404}, other
    assert probe.get("/api/v1/snapshot").status_code == 400


async def test_a_node_that_drains_is_not_ready_and_asks_nothing():
    # A check that was begun and never awaited would fail this test as a warning.
    node = await hub.ensure()
    node.draining = True
    try:
        answer = await health.readyz(HttpRequest())
    finally:
        await hub.close()
    gc.collect()
    assert answer.status_code == 503
    assert json.loads(answer.content) == {"status": "draining", "checks": {}}


class Check:
    """A check that ends when it may, and counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> dict[str, str]:
        self.begun += 1
        await self.may_end.wait()
        return {"database": str(self.begun)}


async def test_requests_at_once_share_one_check_and_its_result():
    check = Check()
    shared = Shared(check)
    asking = [asyncio.create_task(shared.get()) for _ in range(900)]
    await asyncio.sleep(0)
    asking.pop().cancel()  # the others wait on
    check.may_end.set()
    assert await asyncio.gather(*asking) == [{"database": "1"}] * 899
    assert await shared.get() == {"database": "1"}


async def test_a_result_is_shared_for_a_while_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "SHARED_SECONDS", 0)
    check = Check()
    check.may_end.set()
    shared = Shared(check)
    assert [await shared.get() for _ in range(3)] == [{"database": str(n)} for n in (1, 2, 3)]


@pytest.mark.parametrize("kind", ["serve", "uvicorn"])
@pytest.mark.servers
def test_it_is_ready_on_every_server_and_leaks_no_threads(kind: Kind):
    with Server(kind) as server:
        first = server.request("GET", "/readyz")
        assert (first.status, first.json()["status"]) == (200, "ok")
        assert set(first.json()["checks"].values()) == {"ok"}
        threads = _threads(server)
        for _ in range(30):
            assert server.request("GET", "/readyz").status == 200
        # Bounded pools of the server fill up meanwhile; a thread for each request would be 30.
        assert _threads(server) <= threads + 8
        assert "not ready" not in server.log()


@pytest.mark.servers
def test_it_is_not_ready_before_the_migrations(tmp_path: Path):
    env = {"DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}"}
    with Server("uvicorn", env=env, migrate=False) as server:  # `serve` would refuse to start
        answer = server.request("GET", "/readyz")
        assert answer.status == 503
        assert answer.json()["checks"] == {
            "database": "ok",
            "migrations": "missing",
            "channel_layer": "ok",
        }
        server.manage("migrate", "--verbosity=0")
        # An answer is shared for a second, which the migrations may not take.
        wait_until(
            lambda: server.request("GET", "/readyz").status == 200, seconds=10, what="it is ready"
        )


@pytest.mark.servers
def test_it_is_not_ready_without_the_layer_and_names_no_address(db):
    port = free_port()
    with Server(env={"REDIS_URL": f"redis://127.0.0.1:{port}/0"}) as server:
        answer = server.request("GET", "/readyz")
        assert answer.status == 503
        assert answer.json()["checks"]["channel_layer"] in {"failed", "timeout"}
        assert answer.json()["checks"]["database"] == "ok"
        assert str(port) not in json.dumps(answer.json())
        assert server.request("GET", "/healthz").status == 200


@pytest.mark.servers
def test_asking_leaves_nothing_behind_in_redis(redis: Redis):
    with (
        Server(env={"REDIS_URL": redis.url, "REDIS_PREFIX": "health"}) as server,
        redis_library.Redis.from_url(redis.url) as client,
    ):
        before = set(client.pubsub_channels("health*"))
        for _ in range(5):
            assert server.request("GET", "/readyz").status == 200
        assert set(client.pubsub_channels("health*")) <= before


def _threads(server: Server) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.partition("Threads:")[2].split()[0])
