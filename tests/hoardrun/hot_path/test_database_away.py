"""A database that is away, or closes a connection, costs a hot read little."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import OperationalError

from hoardrun import hot_path
from hoardrun.hot_path import HotPath
from hoardrun.hot_threads import MAX_THREADS
from tests.hoardrun.hot_path.asking import USER, Left, ask_hot, bearer
from tests.services.asgi import talk
from tests.services.postgres import Postgres
from tests.services.server import Server


def test_a_database_that_is_away_keeps_nobody_waiting_for_a_thread(
    hot: HotPath, alice: User, monkeypatch: pytest.MonkeyPatch
):
    headers, asked = bearer(alice), []

    def give_up(identity: Any) -> bool:
        asked.append(identity)
        time.sleep(0.2)  # as the pool does after seconds
        raise OperationalError

    async def ask_all() -> list[Any]:
        scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": "/api/v1/accounts",
            "query_string": b"",
            "headers": [(b"host", b"testserver"), *headers],
        }
        each = (talk(hot, scope) for _ in range(12 * MAX_THREADS))
        found: list[Any] = await asyncio.gather(*each, return_exceptions=True)
        return found

    monkeypatch.setattr(hot_path, "is_login_valid", give_up)
    found = async_to_sync(ask_all)()
    assert {type(each) for each in found} == {Left}
    # Each request with a thread asks by its own connection and, if that was kept, by another.
    assert len(asked) <= 2 * MAX_THREADS
    monkeypatch.undo()
    with pytest.raises(Left):  # it is not asked again at once
        ask_hot(hot, "GET", "/api/v1/accounts", headers)
    monkeypatch.setattr(hot_path, "AWAY_SECONDS", 0.0)
    hot._asks_again = time.monotonic()
    assert ask_hot(hot, "GET", "/api/v1/accounts", headers).status == 200
    assert ask_hot(hot, "GET", "/api/v1/accounts", headers).status == 200


@pytest.mark.servers
def test_a_read_survives_the_end_of_its_threads_connection(postgres: Postgres):
    env = {"DATABASE_URL": postgres.migrated("hot_path")}
    with Server(env=env, prepare=USER) as server:
        token = server.log_in("alice", "alice-pass")["access"]
        for _ in range(8):  # each thread has a connection
            assert server.request("GET", "/api/v1/accounts", token=token).status == 200
        server.shell(
            "from django.db import connection; connection.cursor().execute('SELECT "
            "pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database()')"
        )
        for _ in range(8):
            assert server.request("GET", "/api/v1/accounts", token=token).json() == []


@pytest.mark.servers
def test_the_first_probe_is_answered_while_the_database_is_frozen(postgres: Postgres):
    env = {"DATABASE_URL": postgres.migrated("hot_path_frozen")}
    with Server(env=env, prepare=USER) as server, ExitStack() as clients:
        token = server.log_in("alice", "alice-pass")["access"]
        read = f"GET /api/v1/accounts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}"
        with frozen(postgres):
            for _ in range(2 * MAX_THREADS):
                client = socket.create_connection(("127.0.0.1", server.port))
                clients.enter_context(client)
                client.sendall(f"{read}\r\n\r\n".encode())
            # Of another path than the one that was asked for while the server started.
            assert server.request("GET", "/healthz/").json() == {"status": "ok"}


@contextmanager
def frozen(postgres: Postgres) -> Iterator[None]:
    postgres.freeze()
    try:
        yield
    finally:
        postgres.thaw()
