"""Retention: delete old or surplus events and raise the stream's floor.

`realtime.cluster.retention` and `manage.py trim_events` call it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Exists, F, Min, OuterRef, Q

from realtime.meters import meters
from realtime.models import Cursor, Event, Stream
from realtime.protocol.published import AccessChanged
from realtime.retry import one_transaction

STREAMS_AT_A_TIME = 50
EVENTS_AT_A_TIME = 200  # of each stream: at most 10,000 rows per transaction
CURSORS_OF_A_USER = 500  # one for each device and stream


class Trimmed(NamedTuple):
    """The result of a trim; `streams` counts those that lost an event."""

    streams: int
    events: int


def trim(
    *,
    before: datetime,
    keep: int,
    dry_run: bool = False,
    progress: Callable[[Trimmed], None] | None = None,
) -> Trimmed:
    """Delete events created before a moment, and all but the last `keep` of each stream.

    Deletes only from the beginning of a stream: an old event behind a younger one stays, as
    clocks differ. Each small transaction raises `floor` and deletes what lies below, so a
    reader sees both or neither, and a kill leaves nothing half done. Safe on several nodes at
    once; never makes a publisher wait for long.
    """
    total = Trimmed(0, 0)
    last = 0
    while ids := _candidates(last, before, keep):
        last = ids[-1]
        if dry_run:
            total = Trimmed(total.streams + len(ids), total.events + _due(ids, before, keep))
            continue
        touched: set[int] = set()
        while True:
            found = _trim_some(ids, before, keep)
            touched |= found.keys()
            deleted = sum(found.values())
            total = Trimmed(total.streams, total.events + deleted)
            with meters.lock:
                meters.trimmed_events += deleted
            if progress is not None:
                progress(Trimmed(total.streams + len(touched), total.events))
            ids = [pk for pk in ids if found.get(pk, 0) >= EVENTS_AT_A_TIME]
            if not ids:
                break
        total = Trimmed(total.streams + len(touched), total.events)
    return total


@one_transaction
def clear(name: str) -> int:
    """Delete a stream's events up to the last that is not `access_changed`; return how many.

    Nodes need the later `access_changed` events to close the user's sockets, and they hold
    nothing personal. Offsets continue: a client in between is told to resynchronise.
    """
    locked = Stream.objects.select_for_update(no_key=True)
    stream = locked.filter(name=name).first()
    if stream is None:
        return 0
    others = Event.objects.filter(stream=stream).exclude(type=AccessChanged.wire_type)
    last = others.order_by("-offset").values_list("offset", flat=True).first()
    if last is None:
        return 0
    Stream.objects.filter(pk=stream.pk).update(floor=last)
    return int(Event.objects.filter(stream=stream, offset__lte=last).delete()[0])


def forget_cursors(*, before: datetime) -> int:
    """Delete cursors idle since `before`, and all but the last CURSORS_OF_A_USER of a user.

    The second limit is needed because clients choose the names of their devices.
    """
    forgotten: int = Cursor.objects.filter(updated_at__lt=before).delete()[0]
    counted = Cursor.objects.values("user_id").annotate(cursors=Count("pk"))
    crowded = counted.filter(cursors__gt=CURSORS_OF_A_USER).values_list("user_id", flat=True)
    for user_id in list(crowded):
        own = Cursor.objects.filter(user_id=user_id)
        stay = own.order_by("-updated_at", "-pk").values_list("pk", flat=True)[:CURSORS_OF_A_USER]
        forgotten += own.exclude(pk__in=list(stay)).delete()[0]
    return forgotten


def _candidates(after: int, before: datetime, keep: int) -> list[int]:
    first = Event.objects.filter(
        stream=OuterRef("pk"), offset=OuterRef("floor") + 1, created_at__lt=before
    )
    found = Stream.objects.filter(
        Q(head__gt=F("floor") + keep) | Exists(first), pk__gt=after, head__gt=F("floor")
    )
    return list(found.order_by("pk").values_list("pk", flat=True)[:STREAMS_AT_A_TIME])


def _due(ids: Sequence[int], before: datetime, keep: int) -> int:
    streams = Stream.objects.filter(pk__in=ids)
    young = dict(
        Event.objects.filter(stream__in=ids, created_at__gte=before)
        .values_list("stream")
        .annotate(Min("offset"))
    )
    return sum(
        max(young.get(stream.pk, stream.head + 1) - 1, stream.head - keep) - stream.floor
        for stream in streams
    )


@one_transaction
def _trim_some(ids: Sequence[int], before: datetime, keep: int) -> dict[int, int]:
    """Trim up to EVENTS_AT_A_TIME of each stream; return how many, by stream.

    A stream that is locked by a writer is skipped until the next time.
    """
    locked = Stream.objects.select_for_update(
        skip_locked=connection.features.has_select_for_update_skip_locked, no_key=True
    )
    streams = list(locked.filter(pk__in=ids).order_by("pk"))
    young = dict(
        Event.objects.filter(
            stream__in=streams,
            created_at__gte=before,
            offset__gt=F("stream__floor"),
            offset__lte=F("stream__floor") + EVENTS_AT_A_TIME,
        )
        .values_list("stream")
        .annotate(Min("offset"))
    )
    found: dict[int, int] = {}
    for stream in streams:
        most = min(stream.floor + EVENTS_AT_A_TIME, stream.head)
        floor = min(most, max(young.get(stream.pk, most + 1) - 1, stream.head - keep))
        if floor > stream.floor:
            found[stream.pk] = floor - stream.floor
            stream.floor = floor
    Stream.objects.bulk_update([s for s in streams if s.pk in found], ["floor"])
    Event.objects.filter(stream__in=list(found), offset__lte=F("stream__floor")).delete()
    return found
