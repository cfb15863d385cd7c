"""Rows of minutes for tests of what reads them."""

from __future__ import annotations

from typing import Any

from realtime.models import NodeMinute

_NOTHING: dict[str, Any] = {
    "node": "a", "host": "web-1", "pid": 7, "seconds": 60.0, "connections": 0, "users": 0,
    "opened": 0, "closed": 0, "slow_closed": 0, "messages_in": 0, "messages_out": 0,
    "published": 0, "delivered": 0, "resyncs": 0, "found_late": 0, "dropped": 0,
    "queue_bytes": 0, "lag_ms": 0.0, "rss_mb": 80.0,
}  # fmt: skip


def stored_minute(minute: int, **values: Any) -> NodeMinute:
    """Store a minute of a node in which nothing else happened."""
    return NodeMinute.objects.create(minute=minute, **_NOTHING | values)
