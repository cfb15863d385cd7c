"""Readings of the deployment: the broadcasts that wait for approval."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Min

from hoardrun.broadcasts.state import broadcasts_waiting
from realtime import clock
from realtime.meters.fleet import Reading, gauge


def _waiting() -> dict[str, Any]:
    found = broadcasts_waiting().aggregate(count=Count("pk"), oldest=Min("created_at"))
    oldest = found["oldest"]
    return {
        "broadcasts_waiting": found["count"],
        "broadcasts_oldest_waiting_seconds": (
            0 if oldest is None else max(0.0, (clock.now() - oldest).total_seconds())
        ),
    }


WAITING = Reading(
    (
        gauge("broadcasts_waiting", "Broadcasts that wait for a second person."),
        gauge("broadcasts_oldest_waiting_seconds", "Age of the oldest of them."),
    ),
    _waiting,
)
