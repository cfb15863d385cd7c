"""The pace of calls to a provider, shared by all workers: one row hands out slots.

A name is a provider's (`twilio`), one host's of web push (`push:fcm.googleapis.com`), or a
channel's (`channel:sms`), which staff can stop. Times are the database's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest, Now

from realtime import clock
from realtime.models import Host

# The resolution of SQLite's clock; a quicker pace takes several slots at once.
SHORTEST_STEP_SECONDS = 0.001
_IS_OPEN = Q(opened_until__gt=Now())
_IS_STOPPED = Q(stopped_at__isnull=False)


class Slot(NamedTuple):
    """The answer of `take`. If `is_taken`, a call may be made after `wait_seconds`.

    Otherwise nothing was taken: `why` is `busy` or `open` (the breaker), to come back after
    `wait_seconds`, or `stopped` (by staff).
    """

    is_taken: bool
    wait_seconds: float
    why: str = ""


def take(name: str, rate: float, count: int = 1, *, within_seconds: float = 1.0) -> Slot:
    """Take the next `count` slots of `rate` a second, if they begin within this time.

    One statement, so that any number of workers shares the rate. What is not used of a pause is
    not saved up.
    """
    step = max(count / rate, SHORTEST_STEP_SECONDS)
    table = connection.ops.quote_name(Host._meta.db_table)
    now = clock.now_sql()
    first = f"CASE WHEN {table}.next_at > {now} THEN {table}.next_at ELSE {now} END"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (name, next_at, failures, gone, calls, stopped_by, stopped_why, "
            f"updated_at) VALUES (%s, {_after(now)}, 0, 0, 0, '', '', {now}) "
            f"ON CONFLICT (name) DO UPDATE SET next_at = {_after(first)}, updated_at = {now} "
            f"WHERE {table}.stopped_at IS NULL "
            f"AND ({table}.opened_until IS NULL OR {table}.opened_until <= {now}) "
            f"AND ({table}.next_at IS NULL OR {table}.next_at <= {_after(now)}) "
            f"RETURNING next_at, {now}",
            [name, step, step, within_seconds],
        )
        row = cursor.fetchone()
    if row is None:
        return _refusal(name)
    next_at, moment = map(clock.moment_of, row)
    return Slot(True, max(0.0, (next_at - moment).total_seconds() - step))


def hold(name: str, seconds: float) -> None:
    """Let nobody call before `seconds` have passed, as a Retry-After asks."""
    until = _known(name) + timedelta(seconds=seconds)
    later = Greatest(Coalesce(F("next_at"), until), until)
    Host.objects.filter(name=name).update(next_at=later, updated_at=Now())


def stop(name: str, *, by: str, why: str) -> None:
    """Stop the calls to a provider, or of a channel, until `resume`."""
    now = _known(name)
    Host.objects.filter(name=name).update(
        stopped_at=now, stopped_by=by, stopped_why=why, updated_at=now
    )


def resume(name: str) -> None:
    """Let calls through again, and forget their failures."""
    Host.objects.filter(name=name).update(
        stopped_at=None, stopped_by="", stopped_why="", opened_until=None, failures=0,
        next_at=None, updated_at=Now(),
    )  # fmt: skip


def blocked(names: Iterable[str]) -> dict[str, str]:
    """Say which of these names let nothing through now, and why: `stopped` or `open`."""
    rows = Host.objects.filter(_IS_STOPPED | _IS_OPEN, name__in=set(names))
    found = rows.values_list("name", "stopped_at")
    return {name: "open" if stopped_at is None else "stopped" for name, stopped_at in found}


def count_blocked() -> dict[str, int]:
    """Count the names that let nothing through, by why."""
    rows = Host.objects.filter(_IS_STOPPED | _IS_OPEN).values_list("stopped_at", flat=True)
    return dict(Counter("open" if stopped_at is None else "stopped" for stopped_at in rows))


def forget(before: datetime) -> int:
    """Delete the hosts that nobody has called since, except what staff has stopped."""
    idle = Host.objects.filter(updated_at__lt=before).exclude(_IS_STOPPED)
    return idle.delete()[0]


def _after(moment: str) -> str:
    """Return the SQL of a time later than another by a parameter, in seconds."""
    if connection.vendor == "postgresql":
        return f"({moment}) + %s * interval '1 second'"
    return f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', {moment}, %s || ' seconds')"


def _refusal(name: str) -> Slot:
    """Read why nothing could be taken."""
    host, now = Host.objects.filter(name=name).first(), clock.now()
    if host is None:
        return Slot(False, 0.0, "busy")  # deleted meanwhile
    if host.stopped_at is not None:
        return Slot(False, 0.0, "stopped")
    is_open = host.opened_until is not None and host.opened_until > now
    until = host.opened_until if is_open else host.next_at
    wait = 0.0 if until is None else max(0.0, (until - now).total_seconds())
    return Slot(False, wait, "open" if is_open else "busy")


def _known(name: str) -> datetime:
    """Make the row of a name if there is none; return the database's time."""
    now = clock.now()
    Host.objects.bulk_create([Host(name=name, updated_at=now)], ignore_conflicts=True)
    return now
