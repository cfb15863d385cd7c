"""Errors that databases truly raise are explained by what happened."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from django.db import OperationalError
from psycopg import Connection

from hoardrun.postgres import limited_to
from realtime.sql import errors
from realtime.sql.errors import StreamLocked, connecting, explain, reason_of
from tests.services.ports import free_port, wait_until
from tests.services.postgres import Postgres


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> Iterator[str]:
    """A database with a table, and a role that may do nothing in it."""
    made = postgres.database("errors")
    with psycopg.connect(made, autocommit=True) as plain:
        plain.execute("CREATE TABLE t (id int PRIMARY KEY)")
        plain.execute("INSERT INTO t VALUES (1)")
        plain.execute("CREATE ROLE teller LOGIN PASSWORD 'teller' CONNECTION LIMIT 0")
        plain.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    yield made
    with psycopg.connect(made, autocommit=True) as plain:
        plain.execute("DROP ROLE teller")
        plain.execute("DROP ROLE guest")


def as_role(url: str, name: str, password: str) -> str:
    return f"postgres://{name}:{password}@{url.rpartition('@')[2]}"


def run(url: str, *statements: LiteralString) -> None:
    with psycopg.connect(url) as made:
        for statement in statements:
            made.execute(statement)


def end_session(url: str) -> None:
    with psycopg.connect(url) as victim, psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [victim.info.backend_pid])
        victim.execute("SELECT pg_sleep(5)")


def wait_for_a_lock(url: str) -> None:
    with psycopg.connect(url) as holder:
        holder.execute("SELECT 1 FROM t FOR UPDATE")
        run(url, "SET lock_timeout = 50", "SELECT 1 FROM t FOR UPDATE")


def idle(url: str) -> None:
    with psycopg.connect(url) as made:
        made.execute("SET idle_in_transaction_session_timeout = 50")
        with psycopg.connect(url, autocommit=True) as other:
            wait_until(
                partial(has_ended, other, made), seconds=20, what="it has been idle too long"
            )
        made.execute("SELECT 1")


def has_ended(other: Connection[Any], made: Connection[Any]) -> bool:
    pid = [made.info.backend_pid]
    return other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", pid).fetchone() is None


ON_POSTGRES: dict[str, Callable[[str], object]] = {
    "lock_timeout": wait_for_a_lock,
    "authentication": lambda url: psycopg.connect(as_role(url, "guest", "wrong")),
    "too_many_connections": lambda url: psycopg.connect(as_role(url, "teller", "teller")),
    "forbidden": lambda url: run(as_role(url, "guest", "guest"), "SELECT * FROM t"),
    "no_database": lambda url: psycopg.connect(url.replace("/errors", "/nowhere")),
    "missing_tables": lambda url: run(url, "SELECT * FROM nothing"),
    "read_only": lambda url: run(
        url, "SET default_transaction_read_only = on", "COMMIT", "DELETE FROM t"
    ),
    "statement_timeout": lambda url: run(url, "SET statement_timeout = 50", "SELECT pg_sleep(5)"),
    "ended": end_session,
    "idle_too_long": idle,
    "limit_reached": lambda url: run(
        url, "SET temp_file_limit = 0", "SET work_mem = 64",
        "SELECT count(*) FROM (SELECT n FROM generate_series(1, 100000) n ORDER BY -n) s",
    ),
    "unreachable": lambda url: psycopg.connect(f"postgres://a@127.0.0.1:{free_port()}/b"),
}  # fmt: skip


@pytest.mark.parametrize("cause", ON_POSTGRES)
def test_it_says_what_happened_in_postgresql(cause: str, url: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        ON_POSTGRES[cause](url)
    assert explain(caught.value).cause == cause, repr(caught.value)
    wrapped = OperationalError(*caught.value.args)
    wrapped.__cause__ = caught.value  # as Django raises it
    assert explain(wrapped).cause == cause


# States that take a broken machine: the server raises them by itself here.
RAISED = {
    "53100": "disk_full",
    "53200": "out_of_memory",
    "53300": "too_many_connections",
    "57P02": "ended",
    "57P03": "starting",
    "58030": "damaged",
    "XX001": "damaged",
    "40001": "conflict",
    "08006": "unreachable",
    "54001": "limit_reached",
}


@pytest.mark.parametrize("state", RAISED)
def test_it_knows_what_a_broken_machine_raises(state: str, url: str) -> None:
    with pytest.raises(psycopg.Error) as caught, psycopg.connect(url) as made:
        made.execute(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")
    assert explain(caught.value).cause == RAISED[state]


def _full(file: Path) -> None:
    with sqlite3.connect(file) as made:
        made.execute("PRAGMA max_page_count = 4")
        made.execute("CREATE TABLE big (text)")
        made.execute("INSERT INTO big VALUES (?)", ["x" * 100_000])


def _locked(file: Path) -> None:
    with sqlite3.connect(file) as one, sqlite3.connect(file, timeout=0.05) as two:
        one.execute("BEGIN IMMEDIATE")
        two.execute("BEGIN IMMEDIATE")


def _no_database(file: Path) -> None:
    file.write_bytes(b"something else" * 1000)
    sqlite3.connect(file).execute("SELECT * FROM sqlite_master")


def _read_only(file: Path) -> None:
    sqlite3.connect(file).close()
    sqlite3.connect(f"file:{file}?mode=ro", uri=True).execute("CREATE TABLE t (a)")


ON_SQLITE: dict[str, Callable[[Path], Any]] = {
    "disk_full": _full,
    "lock_timeout": _locked,
    "damaged": _no_database,
    "read_only": _read_only,
    "not_a_file": lambda file: sqlite3.connect(file / "none").execute("SELECT 1"),
    "missing_tables": lambda file: sqlite3.connect(file).execute("SELECT * FROM missing"),
}


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
@pytest.mark.parametrize("cause", ON_SQLITE)
def test_it_says_what_happened_in_sqlite(cause: str, tmp_path: Path) -> None:
    with pytest.raises(sqlite3.Error) as caught:
        ON_SQLITE[cause](tmp_path / "db.sqlite3")
    assert explain(caught.value).cause == cause, repr(caught.value)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("FATAL:  sorry, too many clients already", "too_many_connections"),
        ("FATAL:  the database system is starting up", "starting"),
        ("FATAL:  the database system is not yet accepting connections", "starting"),
        ("FATAL:  no more connections allowed (max_client_conn)", "too_many_connections"),
        ("FATAL:  query_wait_timeout", "pooler_waits"),
        ("FATAL:  server login has been failing, try again later", "pooler_waits"),
        ("FATAL:  unsupported startup parameter in options: lock_timeout", "unsupported"),
        ("something that nobody has seen", "unavailable"),
    ],
    ids=lambda text: text[:30].strip(),
)
def test_it_reads_what_a_failed_connection_says(text: str, cause: str) -> None:
    assert explain(OperationalError(text)).cause == cause


def test_a_pool_that_waits_in_vain_says_why_connections_fail(url: str) -> None:
    vain = OperationalError("couldn't get a connection after 5.00 sec")
    assert explain(vain).cause == "pool_exhausted"
    with pytest.raises(psycopg.OperationalError):
        limited_to(1).connect(as_role(url, "guest", "wrong"))
    try:
        assert explain(vain).cause == "authentication"
        assert "password authentication failed" in reason_of(vain)
    finally:
        connecting.succeeded()
    assert explain(vain).cause == "pool_exhausted"


def test_each_entry_has_words_and_no_state_stands_twice() -> None:
    table = tomllib.loads(Path(errors.__file__).with_suffix(".toml").read_text())
    states = [state for entry in table.values() for state in entry.get("states", ())]
    assert len(states) == len(set(states))
    for entry in table.values():
        assert entry["says"].endswith(".") and entry["do"].endswith(".")


def test_a_locked_stream_names_up_to_three() -> None:
    error = StreamLocked(tuple(f"user:{n}" for n in range(5)), 5.01, "Session 7 (psql).")
    assert "user:0, user:1, user:2 and 2 more" in str(error)
    assert "5.0 s. Session 7 (psql)." in str(error)
