"""Notice that PostgreSQL has failed over or was restored, and begin a new epoch, once.

`hoardrun.stores` has the pool open WatchedConnection, so that each new physical connection of any
process is compared before it is used: after a failover there are only new ones. Each node looks
every two seconds besides, as a pooler between may change servers unseen. The first to compare
changes the deployment's row and says so in one line; all others find it changed. Facts that
PostgreSQL does not tell, by the role's rights or its kind, are left out of the comparison.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime
from typing import Any, NamedTuple, Self

import psycopg
from psycopg.rows import tuple_row

from realtime.core.failover import Home, Sight, completed, judge
from realtime.options import options

logger = logging.getLogger(__name__)

LOCK_SECONDS = 2  # for the row, which another process may be changing
_ATTEMPTS = 3
_SYSTEM = "(SELECT system_identifier::text FROM pg_control_system())"
# The name of a WAL file begins with the timeline. pg_control_checkpoint() tells that of the last
# checkpoint, which is the old one for a while after a promotion.
_TIMELINE = "left(pg_walfile_name(pg_current_wal_flush_lsn()), 8)"
_FLUSHED = "(pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint"
_CHECKPOINT = "(SELECT lpad(to_hex(timeline_id), 8, '0') FROM pg_control_checkpoint())"
# The facts that a role or a kind of PostgreSQL tells, the most first: system, timeline, flushed.
_FORMS = (
    (_SYSTEM, _TIMELINE, _FLUSHED),
    ("''", _TIMELINE, _FLUSHED),
    (_SYSTEM, _CHECKPOINT, "0::bigint"),
    ("''", "'0'", "0::bigint"),
)
# All else says something of this question only, such as a statement that took too long.
_NOT_TOLD = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedObject,  # a type, such as pg_lsn
    psycopg.errors.UndefinedColumn,
)


class _Found(NamedTuple):
    sight: Sight
    has_row: bool
    epoch: str
    stored: Home
    failover_at: datetime | None


class _Memory:
    """The last state that this process has seen, and the facts that its PostgreSQL tells."""

    form = 0
    last: Sight | None = None
    trouble: str = ""  # the last look's, as it was logged


_memory = _Memory()


class WatchedConnection(psycopg.Connection[Any]):
    """A connection whose database is compared with the last known one before the first use."""

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
        connection = super().connect(conninfo, **kwargs)
        try:
            look(connection)
        except psycopg.Error as error:  # a connection that is broken says so to its user
            trouble = _first_line(error)
            if trouble != _memory.trouble:  # a pool may try many times a second
                logger.warning("failover not looked for: %s", trouble)
        else:
            trouble = ""
        _memory.trouble = trouble
        return connection


def look(connection: psycopg.Connection[Any]) -> str | None:
    """Compare, and note a failover; return the deployment's part of the epoch.

    None for a database without the tables yet, and for a standby, which takes no note. The
    connection must be in autocommit. Raises psycopg.Error if the row cannot be read or changed.
    """
    for _ in range(_ATTEMPTS):
        last = _memory.last  # before the question: another thread may see more meanwhile
        found = _ask(connection)
        if found is None:
            return None
        why = judge(found.stored, found.failover_at, last, found.sight)
        home = completed(found.stored, found.sight.home)
        if why or not found.has_row or home != found.stored:
            if not _note(connection, found, home, why):
                continue  # another process has just changed it
            if why:
                continue  # with what it is now
        _memory.last = found.sight
        return found.epoch
    return None


def _ask(connection: psycopg.Connection[Any]) -> _Found | None:
    form, why = _memory.form, ""
    while True:
        system, timeline, flushed = _FORMS[form]
        try:
            row = _execute(
                connection,
                "SELECT pg_is_in_recovery(), statement_timestamp(), "
                "CASE WHEN NOT pg_is_in_recovery() THEN "
                f"({system}) END, CASE WHEN NOT pg_is_in_recovery() THEN ({timeline}) END, "
                f"CASE WHEN NOT pg_is_in_recovery() THEN ({flushed}) END, "
                "'realtime_deployment'::regclass::oid::bigint, known.id, known.epoch, "
                "known.system_identifier, known.timeline, known.table_id, known.failover_at "
                "FROM (SELECT 1) one LEFT JOIN realtime_deployment known ON known.id = 1",
            )
        except psycopg.errors.UndefinedTable:
            return None
        except _NOT_TOLD as error:
            if form == len(_FORMS) - 1:
                raise  # it was not about what is told
            form, why = form + 1, _first_line(error)
            continue
        assert row is not None
        if form > _memory.form:
            _memory.form = form
            if form == len(_FORMS) - 1:
                logger.warning("PostgreSQL does not tell its timeline: %s", why)
        in_recovery, now, system, timeline, flushed, table_id, *known = row
        if in_recovery:
            return None
        sight = Sight(Home(system, int(timeline, 16), table_id), flushed, now)
        key, epoch, *stored, failover_at = known
        if key is None:
            return _Found(sight, False, "", Home(), None)
        return _Found(sight, True, epoch, Home(*stored), failover_at)


def _note(connection: psycopg.Connection[Any], found: _Found, home: Home, why: str) -> bool:
    """Store where the database is now, and what happened; False if the row has changed."""
    values = [home.system_identifier, home.timeline, home.table_id]
    if not found.has_row:
        _execute(
            connection,
            "INSERT INTO realtime_deployment (id, epoch, system_identifier, timeline, table_id, "
            "failover) VALUES (1, '', %s, %s, %s, '') ON CONFLICT (id) DO NOTHING",
            values,
        )
        return False  # look at what there is now
    mode = options().epoch_on_failover
    changed = "system_identifier = %s, timeline = %s, table_id = %s"
    epoch = found.epoch
    if why:
        changed += ", failover = %s, failover_at = statement_timestamp()"
        values.append(why[:200])
        if mode == "bump":
            epoch = secrets.token_hex(6)
            changed += ", epoch = %s, bumped_at = statement_timestamp()"
            values.append(epoch)
    with connection.transaction():
        _execute(connection, f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        noted = _execute(
            connection,
            f"UPDATE realtime_deployment SET {changed} WHERE id = 1 AND epoch = %s "
            "AND system_identifier = %s AND timeline = %s AND table_id = %s "
            "AND failover_at IS NOT DISTINCT FROM %s RETURNING id",
            [
                *values,
                found.epoch,
                found.stored.system_identifier,
                found.stored.timeline,
                found.stored.table_id,
                found.failover_at,
            ],
        )
    if noted is not None and why:
        _tell(mode, why, epoch)
    return noted is not None


def _tell(mode: str, why: str, epoch: str) -> None:
    if mode == "bump":
        logger.warning(
            "PostgreSQL is not where it was: %s. Commits may be lost, so all streams begin "
            "epoch %s, and every client resynchronises.",
            why,
            epoch,
        )
    elif mode == "warn":
        logger.warning(
            "PostgreSQL is not where it was: %s. The epoch stays, by EPOCH_ON_FAILOVER=warn: run "
            "`manage.py bump_epoch --all` unless a synchronous standby has taken over.",
            why,
        )
    else:
        logger.info("PostgreSQL is not where it was: %s. EPOCH_ON_FAILOVER=ignore.", why)


def _execute(
    connection: psycopg.Connection[Any], statement: str, values: list[Any] | None = None
) -> tuple[Any, ...] | None:
    """Run one statement; return its first row. Bound on this side, as poolers like it."""
    with psycopg.ClientCursor(connection, row_factory=tuple_row) as cursor:
        cursor.execute(statement.encode(), values)
        return cursor.fetchone() if cursor.description else None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
