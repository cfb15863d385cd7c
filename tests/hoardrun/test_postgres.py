"""Transactions carry their limit themselves: nothing depends on whose session they run in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from hoardrun.options import Deployment
from hoardrun.postgres import LimitedConnection, LimitedCursor, limited_to
from hoardrun.stores import database
from tests.services.pgbouncer import PgBouncer
from tests.services.postgres import Postgres

SHORT = 0.3


@pytest.fixture(scope="module")
def direct(postgres: Postgres) -> str:
    return postgres.database("limits")


@pytest.fixture(params=["direct", pytest.param("pooled", marks=pytest.mark.pooler)])
def url(request: pytest.FixtureRequest, direct: str) -> str:
    """A database with two rows, reached both ways."""
    with psycopg.connect(direct) as plain:
        plain.execute("DROP TABLE IF EXISTS t")
        plain.execute("CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0)")
        plain.execute("INSERT INTO t (id) VALUES (1), (2)")
    if request.param == "direct":
        return direct
    pgbouncer: PgBouncer = request.getfixturevalue("pgbouncer")  # only then: it may be missing
    return pgbouncer.url(direct)


@contextmanager
def limited(url: str, seconds: float = SHORT) -> Iterator[LimitedConnection]:
    with limited_to(seconds).connect(url, autocommit=True, cursor_factory=LimitedCursor) as made:
        assert isinstance(made, LimitedConnection)
        yield made


@contextmanager
def held(url: str) -> Iterator[None]:
    """Hold the lock of row 1, as a session does that sleeps in its transaction."""
    with psycopg.connect(url) as holder:
        holder.execute("UPDATE t SET n = n + 1 WHERE id = 1")
        yield


def one(cursor: Any) -> Any:
    row = cursor.fetchone()
    assert row
    return row[0]


def test_a_transaction_waits_no_longer_than_its_limit(url: str):
    with limited(url) as made, held(url):
        made.autocommit = False
        made.execute("SELECT 1")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            made.execute("UPDATE t SET n = 5 WHERE id = 1")
        made.rollback()
        assert one(made.execute("SELECT n FROM t WHERE id = 1")) == 0


def test_so_does_one_that_begins_with_the_write_and_a_write_without_a_transaction(url: str):
    with limited(url) as made, held(url):
        for autocommit in (False, True):
            made.autocommit = autocommit
            with pytest.raises(psycopg.errors.LockNotAvailable):
                made.execute("UPDATE t SET n = %s WHERE id = %s", [5, 1])
            made.rollback()


def test_the_session_is_left_as_it_was(url: str):
    with limited(url) as made:
        before = one(made.execute("SHOW lock_timeout"))
        made.execute("UPDATE t SET n = 5 WHERE id = 2")
        made.autocommit = False
        assert one(made.execute("SHOW lock_timeout")) == "300ms"
        made.commit()
        made.autocommit = True
        assert one(made.execute("SHOW lock_timeout")) == before == "0"


def test_results_are_those_of_the_statement_itself(url: str):
    with limited(url) as made:
        assert made.execute("UPDATE t SET n = 1").rowcount == 2
        found = made.execute("UPDATE t SET n = 2 WHERE id = 1 RETURNING id, n").fetchall()
        assert found == [(1, 2)]
        made.autocommit = False
        assert made.execute("UPDATE t SET n = 3").rowcount == 2
        made.rollback()
        both = made.execute("SELECT 1; SELECT 2")
        assert one(both) == 1 and both.nextset() and one(both) == 2
        made.rollback()
        made.execute("")
        assert made.execute("SELECT count(*) FROM t WHERE n = %s", [2]).fetchone() == (1,)
        made.rollback()


def test_what_does_not_go_through_execute_has_the_limit_too(url: str):
    with limited(url) as made:
        made.autocommit = False
        with made.cursor().copy("COPY (SELECT current_setting('lock_timeout')) TO STDOUT") as copy:
            assert b"".join(copy) == b"300ms\n"
        made.rollback()
        made.cursor().executemany("UPDATE t SET n = %s WHERE id = %s", [(7, 1), (8, 2)])
        assert one(made.execute("SHOW lock_timeout")) == "300ms"
        made.commit()
        assert made.execute("SELECT n FROM t ORDER BY id").fetchall() == [(7,), (8,)]


def test_a_statement_that_fails_first_leaves_a_connection_that_works(url: str):
    with limited(url) as made:
        made.autocommit = False
        for wrong in ("SELECT nonsense(", "SELECT 1 / 0"):
            with pytest.raises(psycopg.Error):
                made.execute(wrong)
            made.rollback()
        made.execute("UPDATE t SET n = 9 WHERE id = 1")
        made.commit()
        assert one(made.execute("SELECT n FROM t WHERE id = 1")) == 9
        made.rollback()


def test_an_isolation_level_can_be_the_first_word_of_a_transaction(url: str):
    with limited(url) as made:
        made.autocommit = False
        made.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        assert one(made.execute("SHOW transaction_isolation")) == "repeatable read"
        made.rollback()


def test_without_a_limit_that_of_the_server_counts(url: str):
    with limited(url, 0) as made:
        made.autocommit = False
        assert one(made.execute("SHOW lock_timeout")) == "0"
        made.rollback()


def test_a_transaction_of_one_statement_takes_two_messages(url: str, tmp_path):
    trace = tmp_path / "trace"
    with limited(url) as made, trace.open("wb") as file:
        made.autocommit = False
        made.pgconn.trace(file.fileno())
        made.execute("UPDATE t SET n = 1 WHERE id = 1")
        made.commit()
        made.pgconn.untrace()
    assert sum("\tF\t" in line for line in trace.read_text().splitlines()) == 2


def test_the_first_request_after_a_restart_gets_a_connection(direct: str):
    options = database(Deployment(database_url=direct))["OPTIONS"]["pool"] | {"min_size": 8}
    kwargs = {"autocommit": True}
    check = ConnectionPool.check_connection  # as Django has it
    with ConnectionPool(direct, kwargs=kwargs, check=check, **options) as pool:
        pool.wait()
        with psycopg.connect(direct, autocommit=True) as plain:
            plain.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with ExitStack() as held:  # more than one pause would fit into
            for _ in range(8):
                made = held.enter_context(pool.connection())
                assert one(made.execute("SELECT 1")) == 1
