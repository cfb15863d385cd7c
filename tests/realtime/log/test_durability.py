"""A node refuses to serve from a database that may lose what it has committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from realtime.log import durability
from realtime.sql.server_settings import ServerSettings
from tests.services.server import Server, manage

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def careless() -> Iterator[str]:
    """Let this connection lose commits; yields the setting that does."""
    postgres = connection.vendor == "postgresql"
    safe, careless = (
        ("SET synchronous_commit = on", "SET synchronous_commit = off")
        if postgres
        else ("PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL")
    )
    with connection.cursor() as cursor:
        cursor.execute(careless)
        yield "synchronous_commit" if postgres else "synchronous=FULL"
        cursor.execute(safe)


def test_the_settings_that_ship_are_safe() -> None:
    assert durability.problems() == []
    durability.require()
    call_command("check", "--database", "default")


def test_a_database_that_may_lose_commits_is_refused_by_name() -> None:
    with careless() as name:
        with pytest.raises(ImproperlyConfigured, match=name):
            durability.require()
        with pytest.raises(SystemCheckError, match=name):
            call_command("check", "--database", "default")


def test_a_setting_allows_to_lose_commits(settings: Any) -> None:
    settings.ALLOW_LOSING_COMMITTED_EVENTS = True
    with careless():
        durability.require()
        call_command("check", "--database", "default")


def test_sqlite_that_begins_as_a_reader_is_refused() -> None:
    sqlite: Any = connection
    if sqlite.vendor == "postgresql":
        assert not hasattr(sqlite, "transaction_mode")
        return
    sqlite.ensure_connection()
    mode, sqlite.transaction_mode = sqlite.transaction_mode, None
    try:
        assert "IMMEDIATE" in durability.problems()[0]
    finally:
        sqlite.transaction_mode = mode


NEON = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on"}


@pytest.mark.parametrize(
    ("values", "local", "managed"),
    [
        ({}, [], []),
        (NEON, ["fsync", "full_page_writes"], []),
        (NEON | {"synchronous_commit": "off"}, [*NEON], ["synchronous_commit"]),
        ({"synchronous_commit": "local"}, [], []),
    ],
    ids=["durable", "Neon", "careless Neon", "without replicas"],
)
def test_a_managed_database_is_judged_by_what_it_confirms(
    settings: Any, values: dict[str, str], local: list[str], managed: list[str]
) -> None:
    server = ServerSettings(values, lock_timeout="5s", is_pooled=False)
    assert server.lost_by == sorted(local)
    settings.DATABASE_DURABILITY = "managed"
    assert server.lost_by == managed


@pytest.mark.servers
def test_a_managed_database_is_served_from_and_the_log_says_so(postgres: Any, redis: Any) -> None:
    """Only a server that is started anew changes fsync: here one that changes nothing else."""
    url = postgres.migrated("managed")
    env = {"DATABASE_URL": url, "DATABASE_DURABILITY": "managed", "LOG_LEVEL": "INFO"}
    with Server(env=env) as server:
        checked = manage("check", "--deploy", **env)
        log = server.stop()
    assert "DATABASE_DURABILITY=managed: fsync (on)" in log
    assert "waits for locks end after 5s" in log
    assert "hoardrun.I044" in checked.stderr
    assert "W045" not in checked.stderr
    finished = manage(
        "serve", "--port", "0", **env,
        PGOPTIONS="-c synchronous_commit=off -c idle_in_transaction_session_timeout=0",
    )  # fmt: skip
    assert finished.returncode == 1 and "set synchronous_commit=on" in finished.stderr
    idle = {**env, "PGOPTIONS": "-c idle_in_transaction_session_timeout=0"}
    assert "hoardrun.W045" in manage("check", "--deploy", **idle).stderr
    with Server(env=idle, migrate=False) as server:
        assert "idle_in_transaction_session_timeout is 0" in server.stop()


@pytest.mark.servers
def test_the_server_does_not_start_and_says_what_to_do(postgres: Any) -> None:
    url = postgres.migrated("careless")
    with Server(env={"DATABASE_URL": url}) as server:  # migrates, and is sound
        server.stop()
    careless = {"PGOPTIONS": "-c synchronous_commit=off", "DATABASE_LOCK_TIMEOUT_SECONDS": "0"}
    finished = manage("serve", "--port", "0", DATABASE_URL=url, **careless)
    assert finished.returncode == 1
    assert "set synchronous_commit=on" in finished.stderr
    assert "ALLOW_LOSING_COMMITTED_EVENTS=1" in finished.stderr
    assert "Traceback" not in finished.stderr
