"""The servers that hoardrun runs on, and the commands that watch them."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from tests.nodes import ALICE, USERS, connect, node, reported
from tests.services.redis import Redis
from tests.services.server import Kind, Server, manage

pytestmark = [pytest.mark.servers, pytest.mark.operation]

ARGUMENT = "manage.py serve: argument"


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
        assert "eyJ" not in server.log()  # the beginning of every token


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
    ("words", "env", "code", "says"),
    [
        ("check", {"SECRET_KEY": ""}, 1, "SECRET_KEY is not set"),
        ("check", {"DEBUG": "perhaps"}, 1, "DEBUG='perhaps'"),
        ("check", {"WS_MAX_MESSAGES_PER_SECOND": "many"}, 1, "WS_MAX_MESSAGES_PER_SECOND"),
        ("check", {"WS_MAX_MESSAGES_PER_SECOND": "0"}, 1, "WS_MAX_MESSAGES_PER_SECOND"),
        ("check", {"DATABASE_URL": "mysql://a/b"}, 1, "DATABASE_URL"),
        ("check", {"DATABASE_URL": "nonsense"}, 1, "DATABASE_URL"),
        ("check", {"REDIS_URL": "foo://"}, 1, "REDIS_URL"),
        ("check", {"LOG_LEVEL": "LOUD"}, 1, "LOG_LEVEL='LOUD'"),
        ("serve --port 0", {"DATABASE_URL": "sqlite:///{new}"}, 1, "manage.py migrate"),
        ("serve --workers 2", {}, 1, "REDIS_URL"),
        ("serve --port 99999", {}, 2, f"{ARGUMENT} --port: '99999' is no whole number from 0 to 6"),
        ("serve --workers 0", {}, 2, f"{ARGUMENT} --workers: '0' is no whole number from 1 to 1,"),
    ],
)
def test_what_cannot_start_says_why_in_one_line(
    tmp_path: Path, words: str, env: dict[str, str], code: int, says: str
) -> None:
    database = tmp_path / "new.sqlite3"
    given = {name: value.format(new=database) for name, value in env.items()}
    finished = manage(*words.split(), **given)
    assert finished.returncode == code
    [line] = finished.stderr.splitlines()
    assert says in line


@pytest.mark.parametrize(("level", "lines"), [("INFO", 1), ("WARNING", 0)])
def test_the_level_of_the_log_holds_for_the_access_log(level: str, lines: int) -> None:
    with Server(env={"LOG_LEVEL": level}) as server:
        server.request("GET", "/api/v1/asked-for")
        assert server.stop().count("/api/v1/asked-for") == lines


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
