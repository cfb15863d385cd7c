"""A failover or a restore of PostgreSQL is noticed at the next connection, by one process alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from realtime.sql import failover
from realtime.sql.failover import WatchedConnection
from tests.services.postgres import Postgres

pytestmark = pytest.mark.servers

AFTER_A_PROMOTION = "UPDATE realtime_deployment SET timeline = timeline + 1"
IN_ANOTHER_CLUSTER = "UPDATE realtime_deployment SET system_identifier = '1', timeline = 7"
# The effect of pg_restore of a dump: the rows of before in new tables.
FROM_A_DUMP = """
ALTER TABLE realtime_deployment RENAME TO before;
CREATE TABLE realtime_deployment (LIKE before INCLUDING ALL);
INSERT INTO realtime_deployment SELECT * FROM before;
DROP TABLE before
"""


@pytest.fixture(scope="module")
def migrated(postgres: Postgres) -> str:
    """A database of our own, at rest."""
    return postgres.migrated("failover")


@pytest.fixture
def url(migrated: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database as a release without the deployment's row has left it, in a new process."""
    run(migrated, "DELETE FROM realtime_deployment")
    restart(monkeypatch)
    return migrated


def restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this process has seen."""
    monkeypatch.setattr(failover, "_memory", failover._Memory())


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def stored(url: str) -> dict[str, Any]:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM realtime_deployment")
        [row] = cursor.fetchall()
        return dict(zip([column.name for column in cursor.description or ()], row, strict=True))


def connect(url: str) -> None:
    """Open a connection as a pool does, and use it."""
    with WatchedConnection.connect(url, autocommit=True) as connection:
        connection.execute("SELECT 1")


def test_the_first_look_takes_note_and_keeps_the_epoch(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    connect(url)
    row = stored(url)
    with psycopg.connect(url) as connection:
        told = connection.execute(
            "SELECT (pg_control_system()).system_identifier::text, "
            "(pg_control_checkpoint()).timeline_id"
        ).fetchone()
    assert (row["system_identifier"], row["timeline"]) == told
    assert (row["epoch"], row["failover"], row["failover_at"]) == ("", "", None)
    connect(url)
    assert stored(url) == row
    assert not caplog.records


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (AFTER_A_PROMOTION, "timeline "),
        (IN_ANOTHER_CLUSTER, "system identifier 1 became "),
        (FROM_A_DUMP, "table "),
    ],
    ids=["promotion", "another-cluster", "dump"],
)
@pytest.mark.parametrize("mode", ["bump", "warn", "ignore"])
def test_what_a_failover_does_is_up_to_the_operator(
    url: str, mode: str, happened: str, said: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REALTIME = {**settings.REALTIME, "EPOCH_ON_FAILOVER": mode}
    connect(url)
    home = stored(url)
    run(url, happened)
    connect(url)
    row = stored(url)
    assert bool(row["epoch"]) == bool(row["bumped_at"]) == (mode == "bump")
    assert row["failover"].startswith(said)
    assert row["failover_at"]
    assert (row["system_identifier"], row["timeline"]) == (
        home["system_identifier"],
        home["timeline"],
    )
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == (mode != "ignore")
    assert all(said in warning for warning in warnings)
    connect(url)  # and never again for the same one
    assert stored(url) == row


def test_processes_that_notice_together_begin_one_epoch(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(url)
    run(url, AFTER_A_PROMOTION)
    restart(monkeypatch)
    barrier = threading.Barrier(12)

    def come_back(_: int) -> str | None:
        with psycopg.connect(url, autocommit=True) as connection:
            barrier.wait()
            return failover.look(connection)

    with ThreadPoolExecutor(12) as pool:
        epochs = list(pool.map(come_back, range(12)))
    assert set(epochs) == {stored(url)["epoch"]}
    assert len(caplog.records) == 1


def test_a_volume_that_was_put_back_is_noticed_by_who_has_seen_more(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(url)
    last = failover._memory.last
    assert last is not None
    # This process has seen what the volume no longer holds; identifier and timeline are the same.
    failover._memory.last = type(last)(last.home, last.flushed + 10**12, last.at)
    connect(url)
    row = stored(url)
    assert row["epoch"]
    assert "went back" in caplog.text
    failover._memory.last = type(last)(last.home, last.flushed + 10**12, last.at)
    connect(url)  # another process, which has seen it too and comes later
    assert stored(url) == row


@pytest.fixture
def stranger(url: str, postgres: Postgres) -> Iterator[str]:
    """The address for a role that may neither read the control file nor the log's place."""
    functions = ("pg_control_system()", "pg_control_checkpoint()")
    run(
        url, "CREATE ROLE stranger LOGIN PASSWORD 'p'; GRANT ALL ON realtime_deployment TO stranger"
    )
    for function in functions:
        run(url, f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
    yield url.replace(f"hoardrun:{postgres.password}@", "stranger:p@")
    for function in functions:
        run(url, f"GRANT EXECUTE ON FUNCTION {function} TO PUBLIC")
    run(url, "DROP OWNED BY stranger; DROP ROLE stranger")


def test_a_role_without_rights_still_notices_a_new_timeline(
    url: str, stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(stranger)
    assert stored(url)["system_identifier"] == ""
    assert stored(url)["timeline"]
    run(url, AFTER_A_PROMOTION)
    connect(stranger)
    epoch = stored(url)["epoch"]
    assert epoch
    restart(monkeypatch)
    connect(url)  # one that may read all adds what it knows, and no failover
    row = stored(url)
    assert row["system_identifier"]
    assert row["epoch"] == epoch
    connect(stranger)
    assert stored(url) == row


def test_a_role_that_is_told_nothing_serves_all_the_same(
    url: str, stranger: str, caplog: pytest.LogCaptureFixture
) -> None:
    run(url, "REVOKE EXECUTE ON FUNCTION pg_walfile_name(pg_lsn) FROM PUBLIC")
    try:
        connect(stranger)
        connect(stranger)
    finally:
        run(url, "GRANT EXECUTE ON FUNCTION pg_walfile_name(pg_lsn) TO PUBLIC")
    assert stored(url)["timeline"] == 0
    [line] = [record.getMessage() for record in caplog.records]
    assert "does not tell its timeline" in line


def test_a_question_that_fails_for_another_reason_is_asked_in_full_again(
    url: str, stranger: str
) -> None:
    with psycopg.connect(url) as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1/0")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            failover.look(connection)
    run(url, "REVOKE ALL ON realtime_deployment FROM stranger")
    denied = pytest.raises(psycopg.errors.InsufficientPrivilege)
    with psycopg.connect(stranger, autocommit=True) as connection, denied:
        failover.look(connection)
    connect(url)
    assert stored(url)["system_identifier"]


def test_before_the_migrations_nothing_is_compared(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    restart(monkeypatch)
    connect(postgres.database("unmigrated"))
    assert not caplog.records


def test_a_pool_that_cannot_ask_says_so_once(
    url: str, stranger: str, caplog: pytest.LogCaptureFixture
) -> None:
    run(url, "REVOKE ALL ON realtime_deployment FROM stranger")
    connect(stranger)
    connect(stranger)
    run(url, "GRANT SELECT, INSERT, UPDATE ON realtime_deployment TO stranger")
    connect(stranger)
    run(url, "REVOKE ALL ON realtime_deployment FROM stranger")
    connect(stranger)
    lines = [record.getMessage() for record in caplog.records]
    assert len([line for line in lines if line.startswith("failover not looked for")]) == 2
