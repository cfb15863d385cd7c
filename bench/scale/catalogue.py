"""The unit costs of the model, and the place of each in the results of the bench."""

from __future__ import annotations

from typing import NamedTuple

OURS = "hoardrun"


class Place(NamedTuple):
    """A row in the results of the bench: `python -m bench <scenario>`."""

    scenario: str
    case: str
    contender: str


class Source(NamedTuple):
    """A figure in the results of the bench."""

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


def _of(
    name: str, what: str, places: Place | tuple[Place, ...], figure: str,
    factor: float = 1.0, measure: str = "µs",
) -> Unit:  # fmt: skip
    """Return a unit cost from one figure: of one place, or the mean of several."""
    several = (places,) if isinstance(places, Place) else places
    share = factor / len(several)
    return Unit(name, what, measure, tuple(Source(*each, figure, share) for each in several))


_IDLE = Place("idle", "idle", "hoardrun-market")
_CONNECT = Place("connect", "connect", OURS)
_FULL = Place("overload", "a node that is full", OURS)
_BURST = Place("fanout", "burst", OURS)
_PACED = Place("fanout", "paced", "hoardrun-market")
_CALM = Place("fanout", "calm-10000", OURS)
_OWN = Place("capacity", "own event", OURS)
_NOTICE = Place("capacity", "own notification", OURS)
_AWAY = Place("capacity", "event of somebody away", OURS)
_ACK = Place("capacity", "acknowledgement", OURS)
_SNAPSHOT = Place("http", "/api/v1/snapshot", OURS)
_PAYMENT = Place("costs", "requests", "POST /api/v1/transactions")
_NODE = Place("capacity", "idle node", OURS)
_APPEND = Place("capacity", "append and commit", "postgres")
_BULK = Place("bulk", "bulk", OURS)
_HEADS = Place("capacity", "heads of streams", "postgres")
_SCAN = Place("capacity", "retention, nothing due", "postgres")
_TRIM = Place("capacity", "retention, all due", "postgres")
_WAKES = Place("capacity", "wake-ups", "redis")
_STARTS = ("notifications?limit=20", "notifications/summary", "transactions?limit=20", "accounts")
_READS = tuple(Place("http", f"/api/v1/{path}", OURS) for path in _STARTS)

UNITS: tuple[Unit, ...] = (
    # a node
    _of("socket_kib", "memory of an idle socket", _IDLE, "kib", measure="KiB"),
    _of(
        "process_kib",
        "memory of a process without sockets",
        _IDLE,
        "before_mib",
        1024,
        measure="KiB",
    ),
    _of("socket_idle_us", "node: an idle socket, a second", _IDLE, "idle_cpu_us"),
    _of("login_us", "node: a login with a token that resumes", _CONNECT, "server_us"),
    _of("login_postgres_us", "PostgreSQL: a login", _CONNECT, "postgres_us"),
    _of("refusal_us", "node: a handshake that is refused", _FULL, "refusal_us"),
    _of("burst_us", "node: a delivery of a burst to 1,000 sockets", _BURST, "server_us"),
    _of("paced_us", "node: a delivery at 200 messages a second", _PACED, "server_us"),
    _of("calm_us", "node: a delivery at 5 messages a second to 10,000 sockets", _CALM, "server_us"),
    _of("own_us", "node: an own event, woken and delivered to one socket", _OWN, "server_us"),
    _of("notice_us", "node: a notification, with the counts that follow it", _NOTICE, "server_us"),
    _of(
        "notice_postgres_us", "PostgreSQL: append, commit and counts of it", _NOTICE, "postgres_us"
    ),
    _of("away_us", "node: an event of somebody whom it does not serve", _AWAY, "server_us"),
    _of("ack_us", "node: an acknowledgement among others", _ACK, "server_us"),
    _of("ack_postgres_us", "PostgreSQL: an acknowledgement", _ACK, "postgres_us"),
    _of(
        "read_us",
        "node: a hot read, mean of the four at the start of an app",
        _READS,
        "server_ms",
        1000,
    ),
    _of("read_postgres_us", "PostgreSQL: such a read", _READS, "postgres_ms", 1000),
    _of("read_redis_us", "Redis: such a read, for its limits", _READS, "redis_us"),
    _of("snapshot_us", "node: a snapshot", _SNAPSHOT, "server_ms", 1000),
    _of("snapshot_postgres_us", "PostgreSQL: a snapshot", _SNAPSHOT, "postgres_ms", 1000),
    _of("payment_us", "node: a payment by HTTP, with all its events", _PAYMENT, "server_ms", 1000),
    _of("payment_postgres_us", "PostgreSQL: such a payment", _PAYMENT, "postgres_ms", 1000),
    # PostgreSQL
    _of("node_postgres_us", "PostgreSQL: a node without sockets, a second", _NODE, "postgres_us"),
    _of("append_us", "publisher: an event with its commit and wake-up", _APPEND, "publisher_us"),
    _of("append_postgres_us", "PostgreSQL: an event with its commit", _APPEND, "postgres_us"),
    _of(
        "appends",
        "commits of one event each, of four publishers",
        _APPEND,
        "rate",
        measure="a second",
    ),
    _of(
        "event_bytes",
        "disk of an event of 250 bytes, with indexes",
        _APPEND,
        "bytes",
        measure="bytes",
    ),
    _of("wal_bytes", "WAL of it", _APPEND, "wal_bytes", measure="bytes"),
    _of("mailed_us", "publisher: a user's notification of a mailing", _BULK, "publisher_s", 100),
    _of(
        "mailed_postgres_us",
        "PostgreSQL: a user's notification of a mailing",
        _BULK,
        "postgres_s",
        100,
    ),
    _of(
        "mail_us",
        "node: a delivery of a mailing, with nine users who are away",
        _BULK,
        "server_s",
        1000,
    ),
    _of("mailed_wall_us", "wall time of a user's notification of a mailing", _BULK, "wall_s", 100),
    _of(
        "head_postgres_us",
        "PostgreSQL: where a stream stands, read with 499 others",
        _HEADS,
        "postgres_us",
    ),
    _of("scan_us", "PostgreSQL: retention, a stream in which nothing is due", _SCAN, "postgres_us"),
    _of(
        "scan_wall_us", "wall time of retention, a stream in which nothing is due", _SCAN, "wall_us"
    ),
    _of("trim_us", "PostgreSQL: retention, an event that it deletes", _TRIM, "postgres_us"),
    _of("trim_wall_us", "wall time of retention, an event that it deletes", _TRIM, "wall_us"),
    # Redis
    _of("wake_redis_us", "Redis: a wake-up that is published", _WAKES, "redis_us"),
    _of("woken_redis_us", "Redis: each node that it reaches", _WAKES, "delivered_us"),
    _of(
        "together_redis_us",
        "Redis: a wake-up of 500 that are sent together to a node",
        _WAKES,
        "together_us",
    ),
    _of(
        "wakes",
        "wake-ups that one Python process sends together and takes",
        _WAKES,
        "rate",
        measure="a second",
    ),
    _of("join_redis_us", "Redis: a group that a node joins", _WAKES, "joined_us"),
    _of("group_bytes", "Redis: memory of a group", _WAKES, "bytes", measure="bytes"),
)
BY_NAME = {unit.name: unit for unit in UNITS}
