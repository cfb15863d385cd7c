"""The engine's options: each is declared here, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings

from realtime.option_fields import flag, number, option, text, whole, words
from realtime.protocol.connection import Limits

ON_FAILOVER = ("bump", "warn", "ignore")


def _parse_on_failover(given: str) -> str:
    chosen = given.lower() or "bump"
    if chosen not in ON_FAILOVER:
        raise ValueError(f"is none of {', '.join(ON_FAILOVER)}.")
    return chosen


@dataclass(frozen=True)
class Options:
    """The options of settings.REALTIME, there by the names of these fields in capitals."""

    PREFIX: ClassVar[str] = "WS_"

    allowed_origins: Sequence[str] = words(shown="`CORS_ALLOWED_ORIGINS`")
    """Origins of the pages that may open a socket, besides the server's own."""
    allow_loopback_origins: bool = False
    allow_query_token: bool = flag(True)
    """Take an access token from `?token=`."""
    ticket_seconds: float = number(30, 0.1, 3600)
    """Life of a ticket."""
    max_connections_per_node: int = whole(20_000, 1, 1_000_000)
    """Sockets of a process; beyond them it answers handshakes with 503."""
    max_logins_under_way: int = whole(1000, 1, 1_000_000)
    """Logins that a process works on at once, and as many that wait for their turn; beyond them it
    answers handshakes with 503."""
    login_wait_seconds: float = number(0.25, 0.01, 60)
    """Time that a handshake may wait for its turn; one that would wait longer is answered with 503,
    so that an overloaded process works for clients that are still there."""
    max_connections_per_user: int = whole(10, 1, 10_000)
    """Sockets of a user; beyond them the oldest closes with 4409: at once on one node, within some
    seconds over all."""
    max_anonymous_per_address: int = whole(200, 1, 1_000_000)
    """Sockets that have not logged in yet; beyond them 429."""
    max_refused_per_second_per_address: float = number(20, 0.01, 100_000)
    """Handshakes with a bad token, on average; beyond them 429, before any token is checked."""
    max_logins_per_second_per_user: float = number(5, 0.01, 100_000)
    """Logins, on average; beyond them sockets close with 4429."""
    max_replayed_per_second_per_user: int = whole(2000, 1, 1_000_000)
    """Events that a node reads from the log for a user's sockets that are behind, on average, ten
    seconds' worth at once; beyond that a replay takes longer."""
    max_replayed_per_second_per_address: int = whole(20_000, 1, 1_000_000)
    """The same for an address, or for an IPv6 /64."""
    recheck_seconds: float = number(180, 0.1, 3600)
    """Time in which the rights of all users are checked once. A change that an event tells of is
    checked at once; this finds what SQL by hand has changed."""
    max_rooms_per_connection: int = whole(50, 1, 10_000)
    """Rooms that a socket may be in at a time."""
    max_messages_per_second: int = whole(20, 1, 100_000)
    """Messages from one socket, on average."""
    max_message_burst: int = whole(40, 1, 100_000)
    """Messages from one socket, at once."""
    max_messages_per_second_per_user: int = whole(100, 1, 100_000)
    """Messages from all sockets of a user on a node, on average."""
    max_message_bytes: int = whole(64 * 1024, 1024, 16 * 1024 * 1024)
    """A larger message closes with 1009."""
    max_buffer_bytes: int = whole(128 * 1024, 4096, 64 * 1024 * 1024)
    """About what is kept in memory for a reader that falls behind, half of it in its queue; beyond
    that the log fills in, and a price gives way to a newer one."""
    stuck_after_seconds: float = number(20, 0.1, 3600)
    """Time that a client may read nothing before its socket closes with 4503."""
    authenticate_within_seconds: float = number(5, 0.1, 3600)
    """Time in which a socket that came without a token must log in."""
    heartbeat_seconds: float = number(20, 1, 3600)
    """Time between the server's pings."""
    reconcile_seconds: float = number(5, 0.05, 3600, shown="5; 1 without Redis")
    """Time between two comparisons of a node's positions with the log while wake-ups may be lost:
    for a minute after a reason to doubt."""
    reconcile_calm_seconds: float = number(60, 0.05, 3600, shown="60; 1 without Redis")
    """The longest time between two of them otherwise; each is due after a random part of it, at
    least half. Never less than the one above."""
    login_patience_seconds: float = number(30, 0, 3600)
    """Time that a login waits for a database that is away."""
    retention_days: float = number(30, 0.01, 36_500, variable="EVENT_RETENTION_DAYS")
    """Older events leave the log; a device that still needed one resynchronises."""
    retention_events: int = whole(10_000, 100, 1_000_000_000, variable="EVENT_RETENTION_COUNT")
    """Events that a stream keeps at most."""
    epoch_on_failover: str = option("bump", _parse_on_failover, variable="EPOCH_ON_FAILOVER")
    """After a failover or a restore of PostgreSQL: `bump` begins a new epoch, so that every client
    resynchronises; `warn` logs one line, `ignore` nothing; see [failover](#failover)."""
    device_days: float = number(90, 1, 36_500, variable="DEVICE_RETENTION_DAYS")
    """A device that has not connected for this long is forgotten; so are a user's longest idle ones
    where they have more than 500 acknowledged positions."""
    compression: bool = flag(True)
    """permessage-deflate for clients that ask, each message compressed once for all of them."""
    drain_delay_seconds: float = number(0, 0, 3600)
    """Time to answer `/readyz` with 503, after SIGTERM, before any client is sent away."""
    drain_seconds: float = number(5, 0, 3600)
    """Time over which all clients are sent away."""
    reconnect_after_ms: int = whole(5000, 0, 3_600_000)
    """`server_shutdown` advises a random time up to it."""
    max_lifetime_seconds: float = number(0, 0, 31_536_000)
    """The greatest age of a socket, 0 for none; it is sent away in the last quarter of it."""
    metrics_port: int = whole(0, 0, 65_535, variable="METRICS_PORT")
    """Serve `/metrics` and the probes on this port, and the next ones for further workers; 0:
    nowhere. See [metrics](#metrics-and-logs)."""
    metrics_host: str = text("127.0.0.1", variable="METRICS_HOST")
    """Address that `/metrics` listens on; never the public one."""
    metrics_token: str = text(variable="METRICS_TOKEN", secret=True)
    """Answer a scrape only with `Authorization: Bearer` and this text; without it, anybody who
    reaches the port."""
    metrics_clients: Sequence[str] = words(variable="METRICS_CLIENTS")
    """Beginnings of `User-Agent`, such as `acme-ios,acme-android`, that meters name apart; others
    are `browser`, `hoardrun-python` or `other`."""
    echo: bool = flag()
    """Serve `/ws/echo`, which answers every client with what it sends: for
    [conformance](conformance.md) runs only."""

    @cached_property
    def limits(self) -> Limits:
        """The limits that the greeting announces; all sockets share them."""
        return Limits(
            max_message_bytes=self.max_message_bytes,
            max_messages_per_second=self.max_messages_per_second,
            max_message_burst=self.max_message_burst,
            max_rooms=self.max_rooms_per_connection,
            max_connections=self.max_connections_per_user,
        )


def is_set(field: str) -> bool:
    """Return True if settings.REALTIME sets an option, if only to its default."""
    return field in {name.lower() for name in settings.REALTIME}


_read: tuple[dict[str, Any], Options] | None = None  # settings.REALTIME as it was, and its options


def options() -> Options:
    """Read settings.REALTIME, anew once it has changed.

    Raises ValueError, which says so, for an unknown name there.
    """
    global _read
    if _read is None or _read[0] != settings.REALTIME:
        given = {key.lower(): value for key, value in settings.REALTIME.items()}
        if unknown := given.keys() - {field.name for field in fields(Options)}:
            raise ValueError(f"settings.REALTIME has unknown names: {', '.join(sorted(unknown))}")
        _read = dict(settings.REALTIME), Options(**given)
    return _read[1]
