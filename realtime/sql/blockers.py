"""Find the sessions in PostgreSQL whose locks others wait for, or soon will.

`manage.py stats --check`, the errors of publishers and meters ask here. Each function is one query
over the sessions of this database, or by an index; none waits for a lock. SQLite has one writer
and tells nobody who it is: there the answer is always none.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import DatabaseError, connection

from realtime import streams
from realtime.sql.errors import StreamLocked

logger = logging.getLogger(__name__)

LONG_SECONDS = 5.0  # a transaction that idles for so long with a stream in its hands
LOOK_WITHIN_SECONDS = 0.5  # an error waits no longer for a connection to look with
_SAME_SECONDS = 1.0  # many that give up together look once
_PLACE = re.compile(r'tuple (\(\d+,\d+\)) in relation "([^"]+)"')
_COLUMNS = (
    "a.pid, coalesce(a.application_name, ''), coalesce(a.usename, ''), coalesce(a.state, ''), "
    "extract(epoch FROM clock_timestamp() - a.xact_start)::float, "
    "extract(epoch FROM clock_timestamp() - a.state_change)::float"
)
_BLOCKERS = f"""
WITH waiting AS (
    SELECT w.pid, unnest(pg_blocking_pids(w.pid)) AS blocker,
        extract(epoch FROM clock_timestamp() - w.query_start)::float AS seconds
    FROM pg_stat_activity w
    WHERE w.datname = current_database() AND w.wait_event_type = 'Lock'),
holding AS (
    SELECT pid FROM pg_locks
    WHERE locktype = 'relation' AND relation = to_regclass('realtime_stream') AND granted
        AND mode IN ('RowExclusiveLock', 'RowShareLock')),
named AS (
    SELECT l.pid, min(s.name) AS name FROM realtime_stream s JOIN pg_locks l
        ON l.locktype = 'transactionid' AND l.granted AND l.transactionid = s.xmax
    WHERE s.name = ANY(%s) GROUP BY l.pid)
SELECT {_COLUMNS}, coalesce(max(named.name), ''),
    count(DISTINCT waiting.pid), coalesce(max(waiting.seconds), 0)
FROM pg_stat_activity a
LEFT JOIN waiting ON waiting.blocker = a.pid
LEFT JOIN named ON named.pid = a.pid
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND (
    (waiting.pid IS NOT NULL AND a.pid NOT IN (SELECT pid FROM waiting))
    OR (a.pid IN (SELECT pid FROM holding) AND a.state LIKE 'idle in transaction%%'
        AND a.state_change < clock_timestamp() - interval '{LONG_SECONDS} seconds'))
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 8 DESC, 5 DESC NULLS LAST LIMIT 20
"""
# Whose transaction has written a row last, or locked it, and is not over.
_HOLDER = f"""
SELECT {_COLUMNS}, %s::text, 0, 0 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'transactionid' AND l.granted AND l.transactionid IN ({{rows}})
    AND a.pid <> pg_backend_pid()
LIMIT 1
"""


@dataclass(frozen=True)
class Blocker:
    """A session that holds a lock. Ages are None where the server hides them from our role."""

    pid: int
    application: str
    role: str
    state: str
    transaction_seconds: float | None  # since it began
    state_seconds: float | None  # since it last did something
    stream: str  # that it holds; "" for another one, or for another row
    waiting: int  # sessions that wait for it
    waited_seconds: float  # the longest of them

    @property
    def matters(self) -> bool:
        """Say whether an operator should know: not each wait of some milliseconds."""
        return self.waited_seconds >= 1 or self.waiting == 0

    def __str__(self) -> str:
        who = ", ".join(filter(None, (self.application, self.role and f"role {self.role}")))
        what = self.state or "its state is hidden: grant pg_monitor to read it"
        if self.state_seconds is not None:
            what += f" for {self.state_seconds:.0f} s"
        if self.transaction_seconds is not None:
            what += f", in a transaction of {self.transaction_seconds:.0f} s"
        held = f" holds stream {self.stream}" if self.stream else " holds the lock"
        return f"Session {self.pid} ({who}){held}: {what}."

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        rounded = {
            name: round(value, 1) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }
        return rounded | {"text": str(self)}


def blockers() -> list[Blocker]:
    """List the sessions that block others first, then those that idle with a stream locked."""
    if connection.vendor != "postgresql":
        return []
    return _ask(_BLOCKERS, [list(streams.everybodys())])


def holder_of_streams(names: Sequence[str]) -> Blocker | None:
    """Return the session that holds one of these streams; None if that is unknown."""
    rows = "SELECT xmax FROM realtime_stream WHERE name = ANY(%s)"
    shown = names[0] if len(names) == 1 else ""
    found = _look(("streams", *names), _HOLDER.format(rows=rows), [shown, list(names)])
    return found or _first()


def holder_for(error: BaseException) -> Blocker | None:
    """Return the session whose lock a failed statement waited for; None if that is unknown."""
    if isinstance(error, StreamLocked):
        return holder_of_streams(error.streams)
    context = getattr(getattr(error.__cause__, "diag", None), "context", None) or ""
    if not (place := _PLACE.search(context)):
        return _first()
    row, table = place.groups()
    rows = f"SELECT xmax FROM {connection.ops.quote_name(table)} WHERE ctid = %s"
    return _look((table, row), _HOLDER.format(rows=rows), ["", row]) or _first()


def _first() -> Blocker | None:
    """Return the first that others wait for."""
    return _look(("first",), _BLOCKERS, [list(streams.everybodys())])


_seen: dict[tuple[str, ...], tuple[float, Blocker | None]] = {}  # the newest answer, by question
_failed_at = -_SAME_SECONDS
_one_at_a_time = threading.Lock()


def _look(key: tuple[str, ...], query: str, parameters: list[Any]) -> Blocker | None:
    """Ask for the first row, once for all that ask within a second.

    Never fails, and after a failure is not tried again for a second.
    """
    global _failed_at
    if connection.vendor != "postgresql":
        return None
    with _one_at_a_time:
        now = time.monotonic()
        at, found = _seen.get(key, (-_SAME_SECONDS, None))
        if now - at < _SAME_SECONDS:
            return found
        if now - _failed_at < _SAME_SECONDS:
            return None
        try:
            found = next(iter(_ask(query, parameters)), None)
        except Exception as error:  # of a driver or of its pool: what failed before is the news
            logger.debug("who holds the lock cannot be read: %r", error)
            _failed_at = time.monotonic()
            return None
        _seen.clear()
        _seen[key] = time.monotonic(), found
        return found


def _ask(query: str, parameters: list[Any]) -> list[Blocker]:
    """Ask, on another connection where ours is in a transaction, which may have failed."""
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return [Blocker(*row) for row in cursor.fetchall()]
    pool: Any = getattr(connection, "pool", None)
    if pool is None:
        raise DatabaseError("there is no other connection to look with")
    with pool.connection(timeout=LOOK_WITHIN_SECONDS) as other:
        return [Blocker(*row) for row in other.execute(query, parameters).fetchall()]
