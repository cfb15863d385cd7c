"""The nodes as they last reported: what `manage.py stats` and `/ws/stats` show.

It reads the database only, so it works from any shell, in every set-up.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from realtime import clock
from realtime.models import Connection, Node
from realtime.protocol.codec import timestamp

ALIVE_WITHIN = timedelta(seconds=10)  # of the database's time, in which nodes report
LAG_WARNING_MS = 100.0


@dataclass(frozen=True)
class Cluster:
    """All nodes at one moment. A node that has been silent for ten seconds is `stale`."""

    nodes: list[Node]
    stale: list[Node]
    moment: datetime

    @property
    def totals(self) -> dict[str, Any]:
        """Add up the live nodes. A user with sockets on two nodes counts on both."""
        return {
            "nodes": len(self.nodes),
            "connections": sum(node.connections for node in self.nodes),
            "users": sum(node.users for node in self.nodes),
            "rooms": len(self.rooms),
            "messages_in": sum(node.messages_in for node in self.nodes),
            "messages_out": sum(node.messages_out for node in self.nodes),
            "in_per_second": round(sum(node.in_per_second for node in self.nodes), 1),
            "out_per_second": round(sum(node.out_per_second for node in self.nodes), 1),
            "dropped": sum(node.dropped for node in self.nodes),
            "slow_closed": sum(node.slow_closed for node in self.nodes),
            "foreign": sum(node.foreign for node in self.nodes),
            "layer_rebuilt": sum(node.layer_rebuilt for node in self.nodes),
            "lag_ms": max((node.lag_ms for node in self.nodes), default=0.0),
        }

    @property
    def rooms(self) -> dict[str, int]:
        """Sockets per room on all live nodes, the fullest first."""
        counts: Counter[str] = Counter()
        for node in self.nodes:
            counts.update(node.rooms)
        return dict(counts.most_common())

    @property
    def problems(self) -> list[tuple[int, str]]:
        """What a monitor should say: `(1, …)` is a warning, `(2, …)` is critical."""
        if not self.nodes:
            return [(2, "no node has reported within the last 10 seconds")]
        found = [
            (1, f"node {node} has been silent since {node.seen_at:%H:%M:%S}") for node in self.stale
        ]
        found += [
            (1, f"node {node} lags {node.lag_ms:.0f} ms")
            for node in self.nodes
            if node.lag_ms > LAG_WARNING_MS
        ]
        found += [
            (1, f"node {node} hears another deployment: set REDIS_PREFIX apart")
            for node in self.nodes
            if node.foreign
        ]
        return found

    def as_json(self) -> dict[str, Any]:
        """Describe everything in plain values."""
        return {
            "version": settings.VERSION,
            "timestamp": timestamp(self.moment),
            "layer": "redis" if settings.REDIS_URL else "memory",
            "totals": self.totals,
            "nodes": [describe(node, self.moment) for node in self.nodes],
            "stale_nodes": [describe(node, self.moment) for node in self.stale],
            "rooms": self.rooms,
        }


def describe(node: Node, moment: datetime) -> dict[str, Any]:
    """Describe one node in plain values."""
    return {
        "node": str(node),
        "id": node.id,
        "host": node.host,
        "pid": node.pid,
        "version": node.version,
        "uptime_seconds": round((moment - node.started_at).total_seconds()),
        "seen_seconds_ago": round((moment - node.seen_at).total_seconds(), 1),
        "connections": node.connections,
        "users": node.users,
        "rooms": len(node.rooms),
        "messages_in": node.messages_in,
        "messages_out": node.messages_out,
        "in_per_second": node.in_per_second,
        "out_per_second": node.out_per_second,
        "dropped": node.dropped,
        "slow_closed": node.slow_closed,
        "foreign": node.foreign,
        "layer_rebuilt": node.layer_rebuilt,
        "lag_ms": node.lag_ms,
        "rss_mb": node.rss_mb,
    }


def alive(node: str = "") -> Q:
    """Select the nodes that have reported lately; `node` is a prefix such as `node__`."""
    return Q(**{f"{node}seen_at__gte": Now() - ALIVE_WITHIN})


def connections() -> QuerySet[Connection]:
    """List the sockets that are logged in on live nodes, the newest first.

    As the nodes last reported: up to two seconds late.
    """
    return (
        Connection.objects.filter(alive("node__"))
        .select_related("node", "user")
        .order_by("-opened_at", "pk")
    )


def cluster() -> Cluster:
    """Read all nodes."""
    now = clock.now()
    nodes = list(Node.objects.order_by("host", "pid"))
    return Cluster(
        nodes=[node for node in nodes if now - node.seen_at <= ALIVE_WITHIN],
        stale=[node for node in nodes if now - node.seen_at > ALIVE_WITHIN],
        moment=now,
    )
