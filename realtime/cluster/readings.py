"""Read a node as it stands for a scrape: gauges, and counters that others keep."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import django
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from realtime.hub.hub import Hub
from realtime.layer import send
from realtime.meters import names
from realtime.meters.kinds import Kind, Meter, Values


@dataclass(frozen=True)
class Reading:
    """A meter whose value `read` returns: a number, or a dict of them by label values.

    None if there is nothing to read, such as of a pool on SQLite.
    """

    meter: Meter
    read: Callable[[Hub], Any]


def _gauge(name: str, text: str, read: Callable[[Hub], Any], **labels: Values) -> Reading:
    return Reading(Meter(name, "gauge", text, labels), read)


def _counter(name: str, text: str, read: Callable[[Hub], Any]) -> Reading:
    return Reading(Meter(name, "counter", text), read)


def _pool(name: str, key: str, kind: Kind, text: str, factor: float = 1) -> Reading:
    def read(_: Hub) -> float | None:
        pools: dict[str, Any] = getattr(connections[DEFAULT_DB_ALIAS], "_connection_pools", {})
        pool = pools.get(DEFAULT_DB_ALIAS)
        return None if pool is None else pool.get_stats().get(key, 0) * factor

    return Reading(Meter(name, kind, text), read)


def _build(_: Hub) -> dict[tuple[str, ...], int]:
    return {(settings.VERSION, platform.python_version(), django.__version__, _server()): 1}


def _server() -> str:
    return "serve" if "realtime.cluster.serve" in sys.modules else "other"


def _versions(value: Callable[[], str]) -> Callable[[], list[str]]:
    return lambda: [value()]


READINGS = [
    _gauge(
        "build_info",
        "Always 1; its labels say what runs.",
        _build,
        version=_versions(lambda: str(settings.VERSION)),
        python=_versions(platform.python_version),
        django=_versions(lambda: django.__version__),
        server=("serve",),
    ),
    _gauge(
        "connections",
        "Open sockets, by the program of the client.",
        lambda hub: {**dict.fromkeys(names.clients(), 0), **hub.sockets.clients},
        client=names.clients,
    ),
    _gauge(
        "connections_without_login",
        "Open sockets that have not logged in yet.",
        lambda hub: sum(hub.sockets.anonymous.values()),
    ),
    _gauge(
        "logins_under_way",
        "Logins that have had their turn and are not over.",
        lambda hub: hub.door.under_way,
    ),
    _gauge(
        "logins_waiting",
        "Handshakes and logins by `authenticate` that wait for their turn.",
        lambda hub: hub.door.waiting,
    ),
    _gauge("users", "Users with an open socket.", lambda hub: len(hub.sockets.users)),
    _gauge("rooms", "Rooms with a socket.", lambda hub: len(hub.rooms.joined)),
    _gauge(
        "subscriptions",
        "Rooms joined, added up over all sockets.",
        lambda hub: sum(hub.rooms.counts().values()),
    ),
    _gauge("streams", "Streams followed.", lambda hub: len(hub.streams.followed)),
    _gauge(
        "connection_limit",
        "Sockets that this process takes at most.",
        lambda hub: hub.max_connections,
    ),
    _gauge("draining", "1 while this process sends its sockets away.", lambda hub: +hub.draining),
    _gauge(
        "queue_bytes",
        "Bytes that wait for sockets whose clients read too slowly.",
        lambda hub: sum(socket.size for socket in hub.cycle.held),
    ),
    _gauge(
        "held_connections",
        "Sockets that nothing can be written to now.",
        lambda hub: len(hub.cycle.held),
    ),
    _counter(
        "wakeups_dropped",
        "Wake-ups and room messages that the layer did not take.",
        lambda _: send.sender.dropped,
    ),
    _counter(
        "layer_rebuilds",
        "Times that nothing came through the layer, and the node subscribed anew.",
        lambda hub: hub.receiver.rebuilt,
    ),
    _counter(
        "foreign_messages",
        "Messages of another deployment on the same layer.",
        lambda hub: hub.receiver.foreign,
    ),
    _pool("db_pool_size", "pool_size", "gauge", "Connections of the pool to PostgreSQL."),
    _pool("db_pool_available", "pool_available", "gauge", "Idle connections of the pool."),
    _pool(
        "db_pool_waiting",
        "requests_waiting",
        "gauge",
        "Threads that wait for a connection of the pool.",
    ),
    _pool(
        "db_pool_requests",
        "requests_num",
        "counter",
        "Times that a connection was asked of the pool.",
    ),
    _pool(
        "db_pool_queued",
        "requests_queued",
        "counter",
        "Times that no connection of the pool was idle.",
    ),
    _pool(
        "db_pool_wait_seconds",
        "requests_wait_ms",
        "counter",
        "Time that threads have waited for a connection.",
        0.001,
    ),
    _pool("db_pool_errors", "requests_errors", "counter", "Times that no connection came in time."),
    _pool(
        "db_pool_connect_errors",
        "connections_errors",
        "counter",
        "Attempts of the pool to connect that failed.",
    ),
    _pool("db_pool_lost", "connections_lost", "counter", "Connections of the pool found broken."),
]
