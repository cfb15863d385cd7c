"""That a worker runs: each says so in a row, and monitors ask how long ago that was."""

from __future__ import annotations

from datetime import datetime, timedelta

from realtime import clock
from realtime.models import JobRun

EVERY_SECONDS = 5.0
SILENT_AFTER = timedelta(seconds=30)
_NAME = "deliver:{}"


def beat(role: str) -> None:
    """Say that a worker does this part of the work: a channel, or `judge`."""
    name, now = _NAME.format(role), clock.now()
    if not JobRun.objects.filter(name=name).update(succeeded_at=now):
        JobRun.objects.get_or_create(name=name, defaults={"succeeded_at": now})


def silent(roles: tuple[str, ...], now: datetime) -> list[str]:
    """Return the parts of the work that no worker has done lately."""
    names = {_NAME.format(role): role for role in roles}
    heard = JobRun.objects.filter(name__in=names, succeeded_at__gt=now - SILENT_AFTER)
    alive = {names[name] for name in heard.values_list("name", flat=True)}
    return [role for role in roles if role not in alive]
