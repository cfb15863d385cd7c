"""The nodes and connections as the nodes last reported them.

`manage.py stats`, `/ws/stats`, the room `nodes` and the admin show it. It only reads the database,
so it works from any shell; `realtime.cluster.reporter` writes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.forms.models import model_to_dict

from realtime import clock
from realtime.models import Connection, Deployment, Node
from realtime.protocol.codec import timestamp

ALIVE_WITHIN = timedelta(seconds=10)  # by the database's time
LAG_WARNING_MS = 100.0
NEWEST_FIRST = ("-opened_at", "pk")  # of connections
# Columns of a node that a total adds up.
COUNTS = (
    "connections",
    "users",
    "messages_in",
    "messages_out",
    "in_per_second",
    "out_per_second",
    "dropped",
    "slow_closed",
    "foreign",
    "layer_rebuilt",
)


@dataclass(frozen=True)
class Cluster:
    """All nodes at one moment. A node is `stale` once it was silent for ALIVE_WITHIN."""

    nodes: list[Node]
    stale: list[Node]
    moment: datetime
    deployment: Deployment

    @property
    def totals(self) -> dict[str, Any]:
        """Add up the live nodes. A user with sockets on two nodes counts on both."""
        values = [describe(node, self.moment) for node in self.nodes]
        sums = {name: round(sum(value[name] for value in values), 1) for name in COUNTS}
        lag = max((node.lag_ms for node in self.nodes), default=0.0)
        degraded = sum(bool(node.degraded) for node in self.nodes)
        return {
            "nodes": len(self.nodes),
            "degraded": degraded,
            **sums,
            "rooms": len(self.rooms),
            "lag_ms": lag,
        }

    @property
    def rooms(self) -> dict[str, int]:
        """Sockets by room on all live nodes, the fullest room first."""
        counts: Counter[str] = Counter()
        for node in self.nodes:
            counts.update(node.rooms)
        return dict(counts.most_common())

    @property
    def problems(self) -> list[tuple[int, str]]:
        """Problems for a monitor, each with its level: 1 is a warning, 2 is critical."""
        if not self.nodes:
            return [(2, "no node has reported within the last 10 seconds")]
        found = [
            (1, f"node {node} has been silent since {node.seen_at:%H:%M:%S}") for node in self.stale
        ]
        for node in self.nodes:
            if node.lag_ms > LAG_WARNING_MS:
                found.append((1, f"node {node} lags {node.lag_ms:.0f} ms"))
            if node.degraded:
                found.append((1, f"node {node} is degraded: {node.degraded}"))
            if node.foreign:
                text = f"node {node} receives another deployment's messages: set REDIS_PREFIX apart"
                found.append((1, text))
        return found

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "version": settings.VERSION,
            "timestamp": timestamp(self.moment),
            "layer": "redis" if settings.REDIS_URL else "memory",
            "epoch": _epoch(self.deployment),
            "totals": self.totals,
            "nodes": [describe(node, self.moment) for node in self.nodes],
            "stale_nodes": [describe(node, self.moment) for node in self.stale],
            "rooms": self.rooms,
        }


def describe(node: Node, moment: datetime) -> dict[str, Any]:
    """Return one node as plain values: its columns, with ages in place of times."""
    return {
        "node": str(node),
        **model_to_dict(node, exclude=("started_at", "seen_at")),
        "uptime_seconds": round((moment - node.started_at).total_seconds()),
        "seen_seconds_ago": round((moment - node.seen_at).total_seconds(), 1),
        "rooms": len(node.rooms),
    }


def alive(node: str = "") -> Q:
    """Select nodes that reported within ALIVE_WITHIN; `node` is a lookup prefix like `node__`."""
    return Q(**{f"{node}seen_at__gte": Now() - ALIVE_WITHIN})


def connections() -> QuerySet[Connection]:
    """Return the logged-in sockets of live nodes, the newest first; up to two seconds old."""
    return (
        Connection.objects.filter(alive("node__"))
        .select_related("node", "user")
        .order_by(*NEWEST_FIRST)
    )


def cluster() -> Cluster:
    """Read all nodes."""
    now = clock.now()
    nodes = list(Node.objects.order_by("host", "pid"))
    return Cluster(
        nodes=[node for node in nodes if now - node.seen_at <= ALIVE_WITHIN],
        stale=[node for node in nodes if now - node.seen_at > ALIVE_WITHIN],
        moment=now,
        deployment=Deployment.objects.filter(pk=1).first() or Deployment(),
    )


def nodes_without_epoch() -> list[Node]:
    """List the live nodes of a release that does not know the deployment's part of epochs."""
    return list(Node.objects.filter(alive(), epoch=None))


def _epoch(deployment: Deployment) -> dict[str, Any]:
    """Return the deployment's epoch and the last failover seen as plain values."""

    def text(moment: datetime | None) -> str | None:
        return None if moment is None else timestamp(moment)

    return {
        "deployment": deployment.epoch,
        "began_at": text(deployment.bumped_at),
        "last_failover": deployment.failover or None,
        "last_failover_at": text(deployment.failover_at),
    }
