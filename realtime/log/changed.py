"""Find the streams that have changed since a node last looked.

`realtime.hub.reconcile` calls it. The cost follows what was written meanwhile: a look at a log in
which nothing happens is one statement that reads two rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from realtime.core.continuity import Head
from realtime.core.tail import Tail
from realtime.log import reading
from realtime.meters import timed
from realtime.models import Event


class Changed(NamedTuple):
    """The heads of the streams that have changed, up to `tail`; None if all may have."""

    tail: Tail
    heads: dict[str, Head] | None


@timed("reconcile")
def look(tail: Tail | None, asked: Iterable[str], most: int) -> Changed:
    """Read the heads of streams with events since `tail`, and of those that are `asked` for.

    All may have changed when there is no tail, when the database is another one or has started
    since, when streams were given new epochs, and beyond `most` events.
    """
    place, newest = _newest()
    if tail is None or tail.place != place:
        tail = Tail(place)  # open transactions may hold any lower id
        is_known = False
    elif tail.is_quiet(newest):
        return Changed(tail, reading.heads_by_key(asked))
    else:
        is_known = newest - tail.after <= most
    marked = tail.marked(newest, _following())
    read = marked.read(_ended())
    if not is_known:
        return Changed(read, None)
    events = Event.objects.filter(pk__gt=tail.after)
    ids = list(events.values_list("stream_id", flat=True).distinct())
    return Changed(read, reading.heads_by_id(ids) | reading.heads_by_key(asked))


def _newest() -> tuple[str, int]:
    """Return what names the database and the lives of its streams, and the highest id."""
    start = "pg_postmaster_start_time()" if connection.vendor == "postgresql" else "''"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {start}, COALESCE((SELECT max(id) FROM realtime_event), 0), "
            "deployment.epoch, deployment.streams_bumped_at "
            "FROM (SELECT 1) always LEFT JOIN realtime_deployment deployment ON true"
        )
        started, newest, epoch, bumped_at = cursor.fetchone()
    return f"{started} {epoch} {bumped_at}", newest


# SQLite has one writer at a time, so ids appear in their order.


def _following() -> int:
    """Return a number that no transaction had been given before."""
    return _number("pg_current_xact_id()") if connection.vendor == "postgresql" else 0


def _ended() -> int:
    """Return a number below which all transactions have ended."""
    if connection.vendor != "postgresql":
        return 0
    return _number("pg_snapshot_xmin(pg_current_snapshot())")


def _number(expression: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression}::text")
        return int(cursor.fetchone()[0])
