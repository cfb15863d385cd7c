"""The size of the log, retention, and devices that fall behind: readings of the deployment.

Each costs a few short queries, whatever the size of the tables: rows are as the planner estimates
them, and acknowledgements those of a sample of the open connections.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from realtime import clock
from realtime.log.epochs import composed
from realtime.meters.fleet import Reading, gauge
from realtime.models import Deployment, Event, JobRun, Stream
from realtime.sql.blockers import blockers

SAMPLE = 2000  # connections; their ids are random, so the first are as good as any
QUANTILES = ("0.5", "0.9", "0.99", "1")
TABLES = [f"realtime_{each}" for each in ("stream", "event", "cursor", "node", "connection")]
RETENTION = "retention"


def _is_postgres() -> bool:
    return connection.vendor == "postgresql"


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def size() -> dict[str, Any]:
    """Measure the log: estimated rows, bytes with indexes, the age of the oldest event."""
    if _is_postgres():
        found: dict[str, Any] = {
            "log_bytes": _rows("SELECT pg_total_relation_size('realtime_event')")[0][0],
            "dead_rows": {},
        }
        for table, estimated, live, dead in _rows(
            "SELECT s.relname, c.reltuples, s.n_live_tup, s.n_dead_tup FROM pg_stat_user_tables s "
            "JOIN pg_class c ON c.oid = s.relid WHERE s.relname = ANY(%s)",
            TABLES,
        ):
            found["dead_rows"][table.removeprefix("realtime_")] = dead
            # A table that was never analysed has no estimate.
            rows = live if estimated < 0 else max(estimated, live)
            if table in {"realtime_stream", "realtime_event"}:
                found[f"log_{table.removeprefix('realtime_')}s"] = int(rows)
    else:
        [(pages,)], [(each,)] = _rows("PRAGMA page_count"), _rows("PRAGMA page_size")
        found = {
            "log_bytes": pages * each,  # of the whole file
            "log_streams": Stream.objects.count(),
            "log_events": Event.objects.count(),
        }
    oldest = Event.objects.order_by("pk").values_list("created_at", flat=True).first()
    found["log_oldest_seconds"] = (
        0 if oldest is None else max(0.0, (clock.now() - oldest).total_seconds())
    )
    return found


def retention() -> dict[str, Any]:
    """Tell when retention last went through."""
    last = JobRun.objects.filter(name=RETENTION).values_list("succeeded_at", flat=True).first()
    return {"retention_last_success_timestamp_seconds": None if last is None else last.timestamp()}


def epochs() -> dict[str, Any]:
    """Tell when a life of the log last began anew, and when a failover was last seen."""
    row = Deployment.objects.first()
    if row is None:
        return {}
    begun = [at.timestamp() for at in (row.bumped_at, row.streams_bumped_at) if at is not None]
    return {
        "epoch_changed_timestamp_seconds": max(begun, default=None),
        "failover_seen_timestamp_seconds": row.failover_at and row.failover_at.timestamp(),
    }


def acks_behind() -> dict[str, Any]:
    """Measure how far the acknowledgements of connected devices are behind their streams."""
    found = sorted(
        int(behind)
        for (behind,) in _rows(
            "SELECT stream.head - place.acked FROM (SELECT user_id, device "
            f"FROM realtime_connection WHERE device <> '' ORDER BY id LIMIT {SAMPLE}) here "
            "JOIN realtime_cursor place "
            "ON place.user_id = here.user_id AND place.device = here.device "
            "JOIN realtime_stream stream "
            f"ON stream.id = place.stream_id AND {composed('stream.epoch')} = place.epoch"
        )
    )
    if not found:
        return {}
    last = len(found) - 1
    return {"acks_behind_events": {q: found[round(float(q) * last)] for q in QUANTILES}}


def locks() -> dict[str, Any]:
    """Find sessions that block others, as `stats --check` does, and the longest idle one."""
    if not _is_postgres():
        return {}
    found = [each for each in blockers() if each.waiting]
    [(idle,)] = _rows(
        "SELECT extract(epoch FROM max(clock_timestamp() - state_change)) FROM pg_stat_activity "
        "WHERE state LIKE 'idle in transaction%%' AND datname = current_database()"
    )
    return {
        "db_lock_waiters": sum(each.waiting for each in found),
        "db_lock_holder_seconds": max(
            (each.transaction_seconds or 0.0 for each in found), default=0
        ),
        "db_idle_transaction_seconds": float(idle or 0),
    }


READINGS = (
    Reading(
        (
            gauge("log_streams", "Streams of the log, as the database estimates them."),
            gauge("log_events", "Events of the log, as the database estimates them."),
            gauge("log_bytes", "Size of the log with its indexes; on SQLite, of the whole file."),
            gauge("log_oldest_seconds", "Age of the oldest event."),
            gauge(
                "dead_rows",
                "Dead rows that vacuum has not taken away.",
                table=[table.removeprefix("realtime_") for table in TABLES],
            ),
        ),
        size,
    ),
    Reading(
        (
            gauge(
                "retention_last_success_timestamp_seconds",
                "When retention last went through on any node.",
            ),
        ),
        retention,
    ),
    Reading(
        (
            gauge(
                "epoch_changed_timestamp_seconds",
                "When the deployment or streams of their own last began new epochs.",
            ),
            gauge(
                "failover_seen_timestamp_seconds",
                "When a failover or a restore of the database was last seen.",
            ),
        ),
        epochs,
    ),
    Reading(
        (
            gauge(
                "acks_behind_events",
                "Events that connected devices have not acknowledged, of a sample of them.",
                quantile=QUANTILES,
            ),
        ),
        acks_behind,
    ),
    Reading(
        (
            gauge("db_lock_waiters", "Sessions that wait for a lock."),
            gauge("db_lock_holder_seconds", "Age of the oldest transaction that others wait for."),
            gauge("db_idle_transaction_seconds", "Longest time that a transaction does nothing."),
        ),
        locks,
    ),
)
