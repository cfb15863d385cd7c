"""The content of the database at the end, read by raw SQL: the log, the rows, the cursors.

And what retention took from it: triggers of our own keep that, so that a trimmed event is
checked as any other.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.services.ports import PATIENCE

ROW_MESSAGE = "A row and its event."
TAKEN = "faults_taken"
RECOVERED_SECONDS = 20.0  # that a database may take to answer again
LOST = "lost-*.json"
# A stream's epoch as devices see it: its own part and, once there is one, the deployment's.
_DEPLOYMENT = "SELECT '-' || d.epoch FROM realtime_deployment d WHERE d.epoch <> ''"
EPOCH = f"s.epoch || coalesce(({_DEPLOYMENT}), '')"


@dataclass
class Stream:
    """One stream: its events are `{offset: canary}`, `taken` those below the floor."""

    name: str
    epoch: str
    head: int
    floor: int
    events: dict[int, str] = field(default_factory=dict)
    taken: dict[int, str] = field(default_factory=dict)

    def said(self, offset: int) -> str | None:
        """Return what was committed at an offset, be it still in the log or not."""
        return self.events.get(offset) or self.taken.get(offset)


@dataclass
class Truth:
    """The committed state. `rows` counts inbox rows by canary, `row_events` the events of such."""

    streams: dict[str, Stream]
    rows: dict[str, int]
    row_events: set[str]
    cursors: dict[tuple[str, str], tuple[str, int]]  # (device, stream): (epoch, acked)


def read(database_url: str) -> Truth:
    """Read everything from PostgreSQL or SQLite."""
    with connected(database_url) as query:
        streams = {
            name: Stream(name, epoch, head, floor)
            for name, epoch, head, floor in query(
                f"SELECT s.name, {EPOCH}, s.head, s.floor FROM realtime_stream s"
            )
        }
        row_events = set()
        for table in ("realtime_event", TAKEN):
            for name, offset, payload in query(
                f'SELECT s.name, e."offset", e.payload FROM {table} e '
                "JOIN realtime_stream s ON s.id = e.stream_id"
            ):
                data = json.loads(payload)["data"]
                stream = streams[name]
                (stream.taken if table == TAKEN else stream.events)[offset] = data["title"]
                if data["message"] == ROW_MESSAGE:
                    row_events.add(data["title"])
        rows: dict[str, int] = {}
        for (title,) in query("SELECT title FROM notifications_notification"):
            rows[title] = rows.get(title, 0) + 1
        cursors = {
            (device, name): (epoch, acked)
            for device, name, epoch, acked in query(
                "SELECT c.device, s.name, c.epoch, c.acked FROM realtime_cursor c "
                "JOIN realtime_stream s ON s.id = c.stream_id"
            )
        }
    return Truth(streams, rows, row_events, cursors)


def keep_what_is_taken(database_url: str) -> None:
    """Have the database copy each event that is deleted, in the same transaction."""
    copy = f'INSERT INTO {TAKEN} VALUES (OLD.stream_id, OLD."offset", OLD.payload)'
    trigger = f"CREATE TRIGGER {TAKEN} AFTER DELETE ON realtime_event FOR EACH ROW"
    with connected(database_url) as query:
        query(f'CREATE TABLE {TAKEN} (stream_id bigint, "offset" bigint, payload text)')
        if database_url.startswith("sqlite:///"):
            query(f"{trigger} BEGIN {copy}; END")
        else:
            query(
                f"CREATE FUNCTION {TAKEN}() RETURNS trigger LANGUAGE plpgsql "
                f"AS $$ BEGIN {copy}; RETURN NULL; END $$"
            )
            query(f"{trigger} EXECUTE FUNCTION {TAKEN}()")


def heads(database_url: str) -> dict[str, tuple[str, int]]:
    """Read where the streams stand: epoch and head by name."""
    with connected(database_url) as query:
        found = query(f"SELECT s.name, {EPOCH}, s.head FROM realtime_stream s")
        return {name: (epoch, head) for name, epoch, head in found}


def keep_what_is_lost(folder: Path, name: str, old: Truth, new: Truth) -> int:
    """Note in a file what an old primary had committed and the new one has not; return how much."""
    lost = [
        (stream.name, offset, text)
        for stream in old.streams.values()
        for kept in (stream.events, stream.taken)
        for offset, text in kept.items()
        if stream.name not in new.streams or new.streams[stream.name].said(offset) != text
    ]
    (folder / LOST.replace("*", name)).write_text(json.dumps(lost))
    return len(lost)


def lost(folder: Path) -> set[tuple[str, int, str]]:
    """Read what was lost with primaries: stream, offset and canary of each event."""
    found = (json.loads(path.read_text()) for path in folder.glob(LOST))
    return {(stream, offset, text) for events in found for stream, offset, text in events}


def trimmed(database_url: str) -> int:
    """Count the events that retention has taken so far."""
    with connected(database_url) as query:
        [(count,)] = query("SELECT coalesce(sum(floor), 0) FROM realtime_stream")
        return int(count)


def corruption(database_url: str) -> list[str]:
    """Let SQLite check its file; PostgreSQL has nothing of the kind."""
    if not database_url.startswith("sqlite:///"):
        return []
    with connected(database_url) as query:
        answers = [answer for (answer,) in query("PRAGMA integrity_check")]
    return [] if answers == ["ok"] else [f"integrity_check: {answer}" for answer in answers]


@contextmanager
def connected(database_url: str) -> Iterator[Any]:
    """Connect, and yield what carries out a statement."""
    if database_url.startswith("sqlite:///"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection:
            yield connection.execute
    else:
        with psycopg.connect(database_url, autocommit=True, connect_timeout=5) as postgres:
            yield postgres.execute


def counted(database_url: str, statement: str) -> int:
    """Ask the database for a number; one that recovers is waited for."""
    deadline = time.monotonic() + RECOVERED_SECONDS * PATIENCE
    while True:
        try:
            with connected(database_url) as query:
                [[number]] = query(statement)
                return int(number)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
