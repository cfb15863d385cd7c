"""The unit costs that the model counts with, and where each is in what the bench measures."""

from __future__ import annotations

from typing import NamedTuple

OURS = "hoardrun"


class Source(NamedTuple):
    """Where a unit cost is in the results of the bench: `python -m bench <scenario>`."""

    scenario: str
    case: str
    contender: str
    figure: str
    factor: float = 1.0  # to microseconds, KiB, rows or bytes


class Unit(NamedTuple):
    """A unit cost as the model names it."""

    name: str
    what: str
    measure: str  # µs, KiB, bytes, rows, a second
    sources: tuple[Source, ...]  # added up


def _of(name: str, what: str, measure: str, *sources: Source) -> Unit:
    return Unit(name, what, measure, sources)


_STARTS = ("notifications?limit=20", "notifications/summary", "transactions?limit=20", "accounts")
_READS = tuple(f"/api/v1/{path}" for path in _STARTS)
_SNAPSHOT, _PAYMENT = "/api/v1/snapshot", "POST /api/v1/transactions"


def _http(path: str, figure: str, factor: float) -> Source:
    return Source("http", path, OURS, figure, factor)


def _mean(figure: str, factor: float) -> tuple[Source, ...]:
    return tuple(_http(path, figure, factor / len(_READS)) for path in _READS)


UNITS: tuple[Unit, ...] = (
    # a node
    _of(
        "socket_kib",
        "memory of an idle socket",
        "KiB",
        Source("idle", "idle", "hoardrun-market", "kib"),
    ),
    _of(
        "process_kib",
        "memory of a process without sockets",
        "KiB",
        Source("idle", "idle", "hoardrun-market", "before_mib", 1024),
    ),
    _of(
        "socket_idle_us",
        "node: an idle socket, a second",
        "µs",
        Source("idle", "idle", "hoardrun-market", "idle_cpu_us"),
    ),
    _of(
        "login_us",
        "node: a login with a token that resumes",
        "µs",
        Source("connect", "connect", OURS, "server_us"),
    ),
    _of(
        "login_postgres_us",
        "PostgreSQL: a login",
        "µs",
        Source("connect", "connect", OURS, "postgres_us"),
    ),
    _of(
        "refusal_us",
        "node: a handshake that is refused",
        "µs",
        Source("overload", "a node that is full", OURS, "refusal_us"),
    ),
    _of(
        "burst_us",
        "node: a delivery of a burst to 1,000 sockets",
        "µs",
        Source("fanout", "burst", OURS, "server_us"),
    ),
    _of(
        "paced_us",
        "node: a delivery at 200 messages a second",
        "µs",
        Source("fanout", "paced", "hoardrun-market", "server_us"),
    ),
    _of(
        "calm_us",
        "node: a delivery at 5 messages a second to 10,000 sockets",
        "µs",
        Source("fanout", "calm-10000", OURS, "server_us"),
    ),
    _of(
        "own_us",
        "node: an own event, woken and delivered to one socket",
        "µs",
        Source("capacity", "own event", OURS, "server_us"),
    ),
    _of(
        "notice_us",
        "node: a notification, with the counts that follow it",
        "µs",
        Source("capacity", "own notification", OURS, "server_us"),
    ),
    _of(
        "notice_postgres_us",
        "PostgreSQL: append, commit and counts of it",
        "µs",
        Source("capacity", "own notification", OURS, "postgres_us"),
    ),
    _of(
        "away_us",
        "node: an event of somebody whom it does not serve",
        "µs",
        Source("capacity", "event of somebody away", OURS, "server_us"),
    ),
    _of(
        "ack_us",
        "node: an acknowledgement among others",
        "µs",
        Source("capacity", "acknowledgement", OURS, "server_us"),
    ),
    _of(
        "ack_postgres_us",
        "PostgreSQL: an acknowledgement",
        "µs",
        Source("capacity", "acknowledgement", OURS, "postgres_us"),
    ),
    _of(
        "read_us",
        "node: a hot read, mean of the four at the start of an app",
        "µs",
        *_mean("server_ms", 1000),
    ),
    _of("read_postgres_us", "PostgreSQL: such a read", "µs", *_mean("postgres_ms", 1000)),
    _of("read_redis_us", "Redis: such a read, for its limits", "µs", *_mean("redis_us", 1)),
    _of("snapshot_us", "node: a snapshot", "µs", _http(_SNAPSHOT, "server_ms", 1000)),
    _of(
        "snapshot_postgres_us",
        "PostgreSQL: a snapshot",
        "µs",
        _http(_SNAPSHOT, "postgres_ms", 1000),
    ),
    _of(
        "payment_us",
        "node: a payment by HTTP, with all its events",
        "µs",
        Source("costs", "requests", _PAYMENT, "server_ms", 1000),
    ),
    _of(
        "payment_postgres_us",
        "PostgreSQL: such a payment",
        "µs",
        Source("costs", "requests", _PAYMENT, "postgres_ms", 1000),
    ),
    # PostgreSQL
    _of(
        "node_postgres_us",
        "PostgreSQL: a node without sockets, a second",
        "µs",
        Source("capacity", "idle node", OURS, "postgres_us"),
    ),
    _of(
        "append_us",
        "publisher: an event with its commit and wake-up",
        "µs",
        Source("capacity", "append and commit", "postgres", "publisher_us"),
    ),
    _of(
        "append_postgres_us",
        "PostgreSQL: an event with its commit",
        "µs",
        Source("capacity", "append and commit", "postgres", "postgres_us"),
    ),
    _of(
        "appends",
        "commits of one event each, of four publishers",
        "a second",
        Source("capacity", "append and commit", "postgres", "rate"),
    ),
    _of(
        "event_bytes",
        "disk of an event of 250 bytes, with indexes",
        "bytes",
        Source("capacity", "append and commit", "postgres", "bytes"),
    ),
    _of(
        "wal_bytes",
        "WAL of it",
        "bytes",
        Source("capacity", "append and commit", "postgres", "wal_bytes"),
    ),
    _of(
        "mailed_us",
        "publisher: a user's notification of a mailing",
        "µs",
        Source("bulk", "bulk", OURS, "publisher_s", 100),
    ),
    _of(
        "mailed_postgres_us",
        "PostgreSQL: a user's notification of a mailing",
        "µs",
        Source("bulk", "bulk", OURS, "postgres_s", 100),
    ),
    _of(
        "mail_us",
        "node: a delivery of a mailing, with nine users who are away",
        "µs",
        Source("bulk", "bulk", OURS, "server_s", 1000),
    ),
    _of(
        "mailed_wall_us",
        "wall time of a user's notification of a mailing",
        "µs",
        Source("bulk", "bulk", OURS, "wall_s", 100),
    ),
    _of(
        "head_postgres_us",
        "PostgreSQL: where a stream stands, read with 499 others",
        "µs",
        Source("capacity", "heads of streams", "postgres", "postgres_us"),
    ),
    _of(
        "scan_us",
        "PostgreSQL: retention, a stream in which nothing is due",
        "µs",
        Source("capacity", "retention, nothing due", "postgres", "postgres_us"),
    ),
    _of(
        "scan_wall_us",
        "wall time of retention, a stream in which nothing is due",
        "µs",
        Source("capacity", "retention, nothing due", "postgres", "wall_us"),
    ),
    _of(
        "trim_us",
        "PostgreSQL: retention, an event that it deletes",
        "µs",
        Source("capacity", "retention, all due", "postgres", "postgres_us"),
    ),
    _of(
        "trim_wall_us",
        "wall time of retention, an event that it deletes",
        "µs",
        Source("capacity", "retention, all due", "postgres", "wall_us"),
    ),
    # Redis
    _of(
        "wake_redis_us",
        "Redis: a wake-up that is published",
        "µs",
        Source("capacity", "wake-ups", "redis", "redis_us"),
    ),
    _of(
        "woken_redis_us",
        "Redis: each node that it reaches",
        "µs",
        Source("capacity", "wake-ups", "redis", "delivered_us"),
    ),
    _of(
        "together_redis_us",
        "Redis: a wake-up of 500 that are sent together to a node",
        "µs",
        Source("capacity", "wake-ups", "redis", "together_us"),
    ),
    _of(
        "wakes",
        "wake-ups that one Python process sends together and takes",
        "a second",
        Source("capacity", "wake-ups", "redis", "rate"),
    ),
    _of(
        "join_redis_us",
        "Redis: a group that a node joins",
        "µs",
        Source("capacity", "wake-ups", "redis", "joined_us"),
    ),
    _of(
        "group_bytes",
        "Redis: memory of a group",
        "bytes",
        Source("capacity", "wake-ups", "redis", "bytes"),
    ),
)
BY_NAME = {unit.name: unit for unit in UNITS}
