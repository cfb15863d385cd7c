"""Staff, customers and operators get clear messages when the database is in trouble."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from tests.nodes import ALICE, STAFF, broadcast, node, token_for
from tests.services.postgres import Postgres, hand_over
from tests.services.redis import Redis
from tests.services.server import Server, manage

pytestmark = [pytest.mark.servers, pytest.mark.operation]
ANNOUNCE = ("announce", "--author", "charlie")
ANNOUNCEMENT = {"title": "Maintenance", "message": "Tonight.", "severity": "maintenance"}


@pytest.fixture(scope="module")
def served(postgres: Postgres, redis: Redis) -> Iterator[Server]:
    url = postgres.migrated("blocked")
    env = {"DATABASE_URL": url, "REDIS_URL": redis.url, "DATABASE_LOCK_TIMEOUT_SECONDS": "0.4"}
    with node(**env) as server:
        yield server


@contextmanager
def forgotten(server: Server, stream: str) -> Iterator[int]:
    """Leave a transaction open that has locked a stream; yields the session's process id."""
    with psycopg.connect(server.env["DATABASE_URL"], application_name="psql") as session:
        session.execute("SELECT 1 FROM realtime_stream WHERE name = %s FOR UPDATE", [stream])
        yield session.info.backend_pid


def announce(server: Server, text: str = "Tonight.") -> tuple[int, dict[str, Any]]:
    answer = server.request(
        "POST",
        "/ws/broadcast/announcement",
        json=ANNOUNCEMENT | {"message": text},
        token=token_for(STAFF),
    )
    return answer.status, answer.json()


def complaint(server: Server, *words: str, **env: str) -> str:
    """Run a command that must fail with one line, after what the pool may warn of."""
    finished = manage(*words, **{**server.env, **env})
    assert finished.returncode == 1 and "Traceback" not in finished.stderr
    return finished.stderr.splitlines()[-1]


def test_staff_is_told_which_session_holds_the_announcements(served: Server) -> None:
    broadcast(served, "announcement", ANNOUNCEMENT)
    with forgotten(served, "announcements") as pid:
        status, body = announce(served)
        assert (status, body["code"], body["cause"]) == (503, "unavailable", "lock_timeout")
        assert body["streams"] == ["announcements"] and body["waited_seconds"] >= 0.4
        holder = body["holder"]
        assert (holder["pid"], holder["application"], holder["state"]) == (
            pid, "psql", "idle in transaction",
        )  # fmt: skip
        assert holder["transaction_seconds"] >= holder["state_seconds"] > 0
        line = complaint(served, *ANNOUNCE, "Title", "Message.")
        assert f"Session {pid} (psql" in line and "stream announcements" in line
        assert "idle in transaction for" in line and "DATABASE_URL" not in line
    assert f"Session {pid}" in served.log()
    assert announce(served)[0] == 200


@pytest.mark.operated(number=13)
def test_a_monitor_names_it_before_anybody_waits(served: Server) -> None:
    broadcast(served, "announcement", ANNOUNCEMENT)
    with forgotten(served, "announcements") as pid:
        with psycopg.connect(served.env["DATABASE_URL"]) as other:
            other.execute("SELECT pg_sleep(5.2)")  # longer than the monitor's limit
        finished = manage("stats", "--check", "--json", **served.env)
        assert finished.returncode == 1
        found = json.loads(finished.stdout)
        [blocker] = found["blockers"]
        assert (blocker["pid"], blocker["stream"]) == (pid, "announcements")
        assert blocker["state_seconds"] >= 5 and found["status"] == "WARNING"
        shown = manage("stats", **served.env).stdout
        assert f"blocks: Session {pid} (psql" in shown
    assert manage("stats", "--check", **served.env).returncode == 0


def test_customers_are_told_no_session(served: Server) -> None:
    served.shell(
        "from notifications.models import Notification as N;"
        f"N.objects.create(user_id={ALICE}, title='t', message='m')"
    )
    with forgotten(served, f"user:{ALICE}"):
        path = "/api/v1/notifications/mark-all-read"
        answer = served.request("POST", path, json={}, token=token_for(ALICE))
    body = answer.json()
    assert (answer.status, body.get("cause")) == (503, "lock_timeout"), body
    assert "holder" not in body and "psql" not in answer.text


@contextmanager
def little_room(postgres: Postgres) -> Iterator[LiteralString]:
    """Give PostgreSQL a place of some megabytes for tables; "" where that takes more rights."""
    folder: Path = postgres.folder / "small"
    folder.mkdir()
    mounted = os.geteuid() == 0 and not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False
    ).returncode  # fmt: skip
    if not mounted:
        yield ""
        return
    try:
        hand_over(folder, postgres.runs_as)
        with psycopg.connect(postgres.url, autocommit=True) as plain:
            location = psycopg.sql.Literal(str(folder))
            plain.execute(psycopg.sql.SQL("CREATE TABLESPACE small LOCATION {}").format(location))
        yield "small"
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


# Where no disk can be made, the server itself raises what it does of a full one.
RAISE = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON realtime_event EXECUTE FUNCTION full_disk();
"""


def test_a_full_disk_is_called_so(served: Server, postgres: Postgres) -> None:
    with (
        little_room(postgres) as place,
        psycopg.connect(served.env["DATABASE_URL"], autocommit=True) as plain,
    ):
        try:
            if place:
                plain.execute("ALTER TABLE realtime_event SET TABLESPACE small")
                plain.execute("CREATE TABLE filler (n int, text text) TABLESPACE small")
                with pytest.raises(psycopg.errors.DiskFull):
                    plain.execute(
                        "INSERT INTO filler SELECT n, repeat('x', 500) "
                        "FROM generate_series(1, 100000) n"
                    )
            else:
                plain.execute(RAISE)
            for _ in range(50):  # until the page that is there is full
                status, body = announce(served, os.urandom(900).hex())
                if status != 200:
                    break
            assert (status, body["cause"]) == (503, "disk_full")
            assert "disk is full" in body["detail"]
            line = complaint(served, *ANNOUNCE, "Title", os.urandom(900).hex())
            assert "disk is full" in line and "Check DATABASE_URL" not in line
        finally:
            if place:
                plain.execute("DROP TABLE filler")
                plain.execute("ALTER TABLE realtime_event SET TABLESPACE pg_default")
                plain.execute("DROP TABLESPACE small")
            else:
                plain.execute("DROP FUNCTION full_disk CASCADE")
    assert announce(served)[0] == 200


def test_commands_say_why_they_are_not_let_in(served: Server, postgres: Postgres) -> None:
    url = served.env["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as plain:
        plain.execute("CREATE ROLE crowd LOGIN PASSWORD 'crowd' CONNECTION LIMIT 0")
        crowded = f"postgres://crowd:crowd@{url.rpartition('@')[2]}"
        line = complaint(served, *ANNOUNCE, "T", "M.", DATABASE_URL=crowded)
        assert "no connection to spare" in line and "too many connections for role" in line
        assert "pooler" in line
        wrong = crowded.replace(":crowd@", ":wrong@")
        line = complaint(served, *ANNOUNCE, "T", "M.", DATABASE_URL=wrong)
        assert "does not let this server in" in line and ":wrong@" not in line
        plain.execute("DROP ROLE crowd")
        plain.execute("ALTER DATABASE blocked SET default_transaction_read_only = on")
        try:
            line = complaint(served, *ANNOUNCE, "T", "M.")
            assert "it is a standby, or read-only" in line and "primary" in line
        finally:
            plain.execute("ALTER DATABASE blocked RESET default_transaction_read_only")
