"""The heartbeat of workers: each writes a row, and monitors ask how old that is."""

from __future__ import annotations

from collections.abc import Iterable
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


def heard(roles: Iterable[str]) -> dict[str, datetime]:
    """Return when a worker last said that it does these parts of the work, if one ever has."""
    names = {_NAME.format(role): role for role in roles}
    rows = JobRun.objects.filter(name__in=names).values_list("name", "succeeded_at")
    return {names[name]: when for name, when in rows if when is not None}


def is_alive(heard_at: datetime | None, now: datetime) -> bool:
    """Say whether a worker that was heard then counts as alive."""
    return heard_at is not None and heard_at > now - SILENT_AFTER


def silent(roles: tuple[str, ...], now: datetime) -> list[str]:
    """Return the parts of the work that no worker has done lately."""
    found = heard(roles)
    return [role for role in roles if not is_alive(found.get(role), now)]
