"""Collect what this node does in each minute, for its row of `NodeMinute`.

The database's clock ends a minute, so that the rows of all nodes meet. A minute whose report
fails goes on: the next row covers it too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from realtime.cluster import listing
from realtime.hub.hub import Hub
from realtime.layer import send
from realtime.meters import meters
from realtime.models import Node, NodeMinute

KEPT = timedelta(days=14)
LOST = ("epoch", "ahead", "trimmed")  # outcomes of a login that must resynchronise


@dataclass(frozen=True)
class Reading:
    """The counters at one moment, which is monotonic."""

    moment: float
    counts: Mapping[str, int]
    delivery: list[int]


@dataclass(frozen=True)
class Measured:
    """What happened from the beginning of a minute until a report."""

    minute: int | None  # the one that is collected; None before the first report is stored
    values: Mapping[str, Any]
    until: Reading

    def is_to_store(self, now: int, *, is_last: bool) -> bool:
        """Say whether a report at this minute ends the one that is collected."""
        return self.minute is not None and (is_last or self.minute != now)


class Minutes:
    """The minute that is collected. Call all but `store` on the event loop's thread."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.minute: int | None = None
        self._begin(None, self._read())

    def _begin(self, minute: int | None, reading: Reading) -> None:
        self.minute, self._before = minute, reading
        self._queue_bytes, self._lag_ms = 0, 0.0

    def _read(self) -> Reading:
        counts = {
            "opened": sum(meters.connections_opened.values()),
            "closed": sum(meters.connections_closed.values()),
            "slow_closed": meters.slow_closed,
            "messages_in": sum(meters.messages_received.values()),
            "messages_out": sum(meters.messages_sent.values()),
            "published": sum(meters.published.values()),
            "resyncs": sum(meters.resumes[outcome] for outcome in LOST),
            "found_late": meters.events_found_by_reconcile,
            "dropped": send.sender.dropped,
        }
        return Reading(time.monotonic(), counts, list(meters.delivery_seconds["durable"].counts))

    def measure(self) -> Measured:
        """Read everything. Call it for each report, which knows the peaks between two ends."""
        hub, before, now = self._hub, self._before, self._read()
        waiting = sum(socket.size for socket in hub.cycle.held)
        self._queue_bytes = max(self._queue_bytes, waiting)
        self._lag_ms = max(self._lag_ms, hub.lag_ms)
        delivery = meters.delivery_seconds["durable"].since(before.delivery)
        values = {
            **{name: count - before.counts[name] for name, count in now.counts.items()},
            "seconds": round(now.moment - before.moment, 1),
            "connections": len(hub.sockets),
            "users": len(hub.sockets.users),
            "delivered": delivery.count,
            "delivery_p50_ms": _ms(delivery.quantile(0.5)),
            "delivery_p99_ms": _ms(delivery.quantile(0.99)),
            "queue_bytes": self._queue_bytes,
            "lag_ms": round(self._lag_ms, 2),
        }
        return Measured(self.minute, values, now)

    def reported(self, measured: Measured, now: int) -> None:
        """Begin the next minute, if the report that was stored at `now` has ended one."""
        if measured.minute != now:
            self._begin(now, measured.until)


def minute_of(moment: datetime) -> int:
    """Return the minutes from 1970 to a moment."""
    return int(moment.timestamp() // 60)


def store(node: Node, measured: Measured) -> None:
    """Write the row of a minute; again if a report is not known to have failed."""
    assert measured.minute is not None
    values = {**measured.values, "rss_mb": node.rss_mb, "host": node.host, "pid": node.pid}
    NodeMinute.objects.bulk_create(
        [NodeMinute(node=node.pk, minute=measured.minute, **values)],
        update_conflicts=True,
        unique_fields=["node", "minute"],
        update_fields=list(values),
    )


def forget(before: datetime) -> None:
    """Delete the rows of earlier minutes."""
    listing.forget(NodeMinute.objects.filter(minute__lt=minute_of(before)))


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
