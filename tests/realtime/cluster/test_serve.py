"""The servers that hoardrun runs on, and the commands that watch them."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from tests.nodes import ALICE, USERS, connect, node, reported
from tests.services.redis import Redis
from tests.services.server import Kind, Server, manage

pytestmark = pytest.mark.servers


_MANY = """
from notifications.messages import Notification
from realtime.publish import publish_many
for page in range(3):
    publish_many([("user:1", Notification(
        id=str(number), title="t", message="m" * 2000, created_at="",
    )) for number in range(page * 100, page * 100 + 100)])
"""


@pytest.mark.parametrize("kind", ["runserver", "daphne", "uvicorn"])
async def test_other_servers_serve_sockets_too(kind: Kind) -> None:
    with Server(kind, env={"DEBUG": "1"}) as server:
        server.shell(
            "from django.contrib.auth import get_user_model as g; g().objects.create(id=1)",
        )
        async with await connect(server, ALICE) as alice:
            await alice.join("market_data:TEST")
            await alice.receive("market_update")
            await asyncio.to_thread(server.shell, _MANY)
            for number in range(300):
                found = await alice.receive("notification", timeout=10)
                assert (found["offset"], found["data"]["id"]) == (number + 1, str(number))
            await alice.ping()
        assert "Traceback" not in server.log()
        assert "eyJ" not in server.log()  # how every token begins


async def test_stats_sees_a_node_from_another_process() -> None:
    with node(DEBUG="1") as server:
        alice = await connect(server, ALICE)
        async with alice, asyncio.timeout(20):
            await alice.join("market_data:TEST")
            await alice.receive("market_update")
            while not reported(server)["rooms"]:
                await asyncio.sleep(0.1)
            found = json.loads(server.manage("stats", "--json"))
            totals = found["totals"]
            assert (totals["nodes"], totals["connections"]) == (1, 1)
            assert (totals["users"], totals["rooms"]) == (1, 1)
            assert found["rooms"] == {"market_data:TEST": 1}
            assert found["nodes"][0]["pid"] == server.pid
            assert totals["messages_in"] == 1
            assert totals["messages_out"] >= 3
            assert "OK: 1 node(s), 1 connection(s)" in server.manage("stats", "--check")
            table = server.manage("stats")
            assert re.search(r"CONNECTIONS 1\b", table)
            assert "market_data:TEST" in table
        server.stop()
        with pytest.raises(RuntimeError, match="ended with 2") as caught:
            server.manage("stats", "--check")
        assert "no node has reported" in str(caught.value)


async def test_all_workers_deliver_what_one_publishes(redis: Redis) -> None:
    env = {"DEBUG": "1", "REDIS_URL": redis.url}
    with Server(env=env, workers=2, prepare=USERS) as server:
        async with asyncio.timeout(20):
            while len(reported(server)["nodes"]) < 2:
                await asyncio.sleep(0.1)
        clients = [await connect(server, ALICE) for _ in range(6)]
        server.manage("announce", "To all workers", "m", "--author", "charlie")
        for client in clients:
            message = await client.receive("system_announcement")
            assert message["data"]["title"] == "To all workers"
            await client.close()


@pytest.mark.parametrize(
    ("env", "complaint"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"DEBUG": "perhaps"}, "DEBUG='perhaps'"),
        ({"WS_MAX_MESSAGES_PER_SECOND": "many"}, "WS_MAX_MESSAGES_PER_SECOND"),
        ({"WS_MAX_MESSAGES_PER_SECOND": "0"}, "WS_MAX_MESSAGES_PER_SECOND"),
        ({"DATABASE_URL": "mysql://a/b"}, "DATABASE_URL"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
        ({"REDIS_URL": "foo://"}, "REDIS_URL"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL='LOUD'"),
    ],
)
def test_an_invalid_setting_is_named(env: dict[str, str], complaint: str) -> None:
    finished = manage("check", **env)
    assert finished.returncode != 0
    [line] = finished.stderr.splitlines()
    assert complaint in line


def test_serve_refuses_a_database_that_is_not_migrated(tmp_path: object) -> None:
    finished = manage("serve", "--port", "0", DATABASE_URL=f"sqlite:///{tmp_path}/new.sqlite3")
    assert finished.returncode == 1
    assert "manage.py migrate" in finished.stderr


def test_serve_refuses_several_workers_without_redis() -> None:
    finished = manage("serve", "--workers", "2")
    assert finished.returncode == 1
    assert "REDIS_URL" in finished.stderr


async def test_serve_announces_its_address_only_when_it_listens() -> None:
    with node(DEBUG="1") as server:
        for words, says in [
            (
                ("--port", str(server.port)),
                f"Port {server.port} is in use; stop that process or choose another with --port.",
            ),
            (("--host", "192.0.2.1"), "192.0.2.1 cannot be listened at: "),
            (("--host", "nowhere.invalid"), "nowhere.invalid cannot be listened at: "),
        ]:
            store = {"DATABASE_URL": server.env["DATABASE_URL"], "DEBUG": "1"}
            finished = await asyncio.to_thread(manage, "serve", *words, **store)
            assert finished.returncode == 1
            assert finished.stderr.splitlines()[-1].startswith(f"CommandError: {says}")
            assert "Traceback" not in finished.stderr
            assert "serves at" not in finished.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--port", "99999"), "argument --port: '99999' is no whole number from 0 to 65,535."),
        (("--workers", "0"), "argument --workers: '0' is no whole number from 1 to 1,024."),
    ],
)
def test_serve_names_an_invalid_option(words: tuple[str, ...], says: str) -> None:
    finished = manage("serve", *words)
    assert finished.returncode == 2
    [line] = finished.stderr.splitlines()
    assert line.startswith(f"manage.py serve: {says}")
