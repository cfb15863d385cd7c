"""A load balancer asks whether a node lives and whether it can serve."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_library
from django.http import HttpRequest
from django.test import Client

from hoardrun import health
from hoardrun.health import Shared
from realtime.hub import hub
from tests.services import templates
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
        self.outcome = "ok"
        self.may_end = asyncio.Event()

    async def __call__(self) -> dict[str, str]:
        self.begun += 1
        await self.may_end.wait()
        return {"database": self.outcome}


async def test_requests_at_once_share_one_check_and_its_result():
    check = Check()
    shared = Shared(check)
    asking = [asyncio.create_task(shared.get()) for _ in range(900)]
    await asyncio.sleep(0)
    asking.pop().cancel()  # the others wait on
    check.may_end.set()
    assert await asyncio.gather(*asking) == [{"database": "ok"}] * 899
    assert await shared.get() == {"database": "ok"}
    assert check.begun == 1


async def test_a_failure_is_told_to_those_that_ask_meanwhile_and_to_nobody_later():
    check = Check()
    check.outcome = "failed"
    shared = Shared(check)
    asking = [asyncio.create_task(shared.get()) for _ in range(3)]
    await asyncio.sleep(0)
    check.may_end.set()
    assert await asyncio.gather(*asking) == [{"database": "failed"}] * 3
    check.outcome = "ok"
    assert await shared.get() == {"database": "ok"}
    assert check.begun == 2


async def test_a_result_is_shared_for_a_while_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "SHARED_SECONDS", 0)
    check = Check()
    check.may_end.set()
    shared = Shared(check)
    for _ in range(3):
        await shared.get()
    assert check.begun == 3


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
    file = tmp_path / "empty.sqlite3"
    env = {"DATABASE_URL": f"sqlite:///{file}"}
    with Server("uvicorn", env=env, migrate=False) as server:  # `serve` would refuse to start
        answer = server.request("GET", "/readyz")
        assert answer.status == 503
        assert answer.json()["checks"] == {
            "database": "ok",
            "migrations": "missing",
            "channel_layer": "ok",
            "cache": "ok",
        }
        templates.copy_sqlite(templates.of_sqlite(), file)  # as `migrate` would leave it
        # An answer is shared for a second, which the migrations may not take.
        wait_until(
            lambda: server.request("GET", "/readyz").status == 200, seconds=10, what="it is ready"
        )


@pytest.mark.servers
def test_it_serves_degraded_without_redis_and_names_no_address(db):
    port = free_port()
    with Server(env={"REDIS_URL": f"redis://127.0.0.1:{port}/0"}) as server:
        answer = server.request("GET", "/readyz")
        found = answer.json()
        assert (answer.status, found["status"]) == (200, "degraded")
        assert found["checks"]["channel_layer"] in {"failed", "timeout"}
        assert found["checks"]["cache"] in {"failed", "timeout"}
        assert found["checks"]["database"] == "ok"
        assert set(found["degraded"]) == {"channel_layer", "cache"}
        assert str(port) not in json.dumps(found)


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    store = Redis(tmp_path_factory.mktemp("redis").name)
    yield store
    store.thaw()
    store.stop()


STAFF = """
from django.contrib.auth.models import User
from rest_framework_simplejwt.tokens import AccessToken
user = User.objects.create(username="staff", is_staff=True, is_superuser=True)
print(user.pk, AccessToken.for_user(user))
"""


def said(server: Server, *parts: str) -> int:
    """Count the lines of the server's log that have one of these parts."""
    lines = server.log().splitlines()
    return sum(any(part in line for part in parts) for line in lines)


@pytest.mark.servers
@pytest.mark.parametrize("harm", ["kill", "freeze"])
def test_an_outage_of_redis_is_degraded_and_takes_two_lines_of_the_log(
    own_redis: Redis, harm: str
) -> None:
    with Server(env={"REDIS_URL": own_redis.url, "LOG_LEVEL": "WARNING"}) as server:
        user, token = server.shell(STAFF).split()
        body = {"user_id": int(user), "title": "Notice", "message": "Something happened."}
        assert server.request("GET", "/readyz").json()["status"] == "ok"
        getattr(own_redis, harm)()
        wait_until(
            lambda: server.request("GET", "/readyz").json()["status"] == "degraded",
            seconds=10,
            what="the node notices",
        )
        for _ in range(10):
            assert server.request("GET", "/readyz").status == 200
            answer = server.request("POST", "/api/v1/notifications", json=body, token=token)
            assert answer.status == 201, answer
        wait_until(
            lambda: json.loads(server.manage("stats", "--json"))["totals"]["degraded"] == 1,
            seconds=10,
            what="stats say that the node is degraded",
        )
        if harm == "kill":
            own_redis.start()
        else:
            own_redis.thaw()
        wait_until(  # a probe has half a second for the layer, which is little on a busy machine
            lambda: server.request("GET", "/readyz").json()["status"] == "ok",
            seconds=5,
            what="the node is whole again",
        )
        wait_until(
            lambda: said(server, "channel layer: works again") == 1, seconds=10, what="its end"
        )
        assert said(server, "channel layer:") == 2
        assert said(server, "health") == 2
        assert said(server, "this process counts for itself") == 1
        assert said(server, "WARNING", "ERROR", "Traceback") == 5, server.log()


@pytest.mark.servers
def test_asking_leaves_nothing_behind_in_redis(redis: Redis):
    with (
        Server(env={"REDIS_URL": redis.url, "REDIS_PREFIX": "health"}) as server,
        redis_library.Redis.from_url(redis.url) as client,
    ):
        wait_until(
            lambda: server.request("GET", "/readyz").json()["status"] == "ok",
            seconds=10,
            what="its groups are joined",
        )
        before = set(client.pubsub_channels("health*"))
        for _ in range(5):
            assert server.request("GET", "/readyz").status == 200
        assert set(client.pubsub_channels("health*")) <= before


def _threads(server: Server) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.partition("Threads:")[2].split()[0])
