"""Read what is stored about an event and a user's devices, each by an index, and ask the nodes.

The number of queries is fixed, and so is the number of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db.models import Q

from realtime import clock, log, survey
from realtime.core import notes
from realtime.core.continuity import Head
from realtime.core.whereabouts import SocketNow, Survey
from realtime.errors import NotFound
from realtime.models import Connection, Cursor, Delay, Departure, Event
from realtime.registry import ALIVE_WITHIN
from realtime.streams import user_stream
from realtime.trace.evidence import JUST, LOOK, Device, Happened, Late, Life

MOST_AFTER = 200  # sockets that closed after the event
MOST_BEFORE = 50  # and before it
MOST_OPEN = 200
MOST_DEVICES = 100
MOST_DELAYS = 50


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An event's place, and its row if it is still there."""

    head: Head
    event: Happened
    row: Event | None


def find(stream: str, offset: int) -> Found:
    """Return an event of the log. Raises NotFound for one that never was."""
    head = log.heads([stream]).get(stream)
    if head is None:
        raise NotFound(f"There is no stream {stream!s:.64}.")
    if not 0 < offset <= head.head:
        raise NotFound(f"The stream {stream:.64} has the events 1 to {head.head:,}.")
    row = Event.objects.filter(stream__name=stream, offset=offset).first()
    happened = Happened(
        stream=stream,
        offset=offset,
        filter_type="" if row is None else row.filter_type,
        committed_at=None if row is None else row.created_at,
    )
    return Found(head=head, event=happened, row=row)


def ask(user_id: int) -> Survey:
    """Ask the nodes where a user's sockets are."""
    return survey.ask(user_id)


def devices(
    user_id: int, stream: str, since: datetime | None, asked: Survey | None
) -> tuple[list[Device], datetime]:
    """Return a user's devices as a stream saw them, and the moment for which that is true.

    Sockets that closed since then come whole; of those before it, the last ones.
    """
    now = clock.now()
    answered = {one.connection_id: one for one in asked.sockets} if asked else {}
    lives: dict[tuple[str, str], list[Life]] = defaultdict(list)
    classes: dict[tuple[str, str], str] = {}
    closed = _closed(user_id, since)
    for gone in closed:
        key = (gone.device, "" if gone.device else gone.connection_id)
        lives[key].append(_of_departure(gone, stream))
        classes[key] = gone.device_class
    ended = {gone.connection_id for gone in closed}
    for row in _open(user_id):
        if row.pk in ended:
            continue
        key = (row.device, "" if row.device else row.pk)
        lives[key].append(_of_connection(row, stream, answered.pop(row.pk, None), asked, now))
        classes[key] = row.device_class
    for one in answered.values():
        if one.connection_id in ended:
            continue
        key = (one.device, "" if one.device else one.connection_id)
        lives[key].append(_of_survey(one, stream, asked, now))
        classes[key] = one.device_class
    cursors = _cursors(user_id, stream)
    for device, cursor in cursors.items():
        if device:
            lives.setdefault((device, ""), [])
            classes.setdefault((device, ""), cursor.device_class)
    found = [
        _device(key, sorted(own, key=lambda life: life.opened_at), classes[key], cursors)
        for key, own in lives.items()
    ]
    return sorted(found, key=lambda device: device.name), now


def delays(events: Sequence[Happened], lives: Iterable[Life]) -> list[Late]:
    """Return what may have made events of one stream late at the nodes of these sockets."""
    nodes = {life.node for life in lives if life.node}
    if not nodes or not events:
        return []
    offsets = [event.offset for event in events]
    held = Q(stream=events[0].stream, last__gte=min(offsets), first__lte=max(offsets))
    if moments := [event.committed_at for event in events if event.committed_at is not None]:
        first, last = min(moments), max(moments) + JUST
        frozen = Q(kind=Delay.Kind.FROZEN, began_at__lte=last)
        more = Q(kind=Delay.Kind.LOST, began_at__lte=last + LOOK)
        # Named for the index: of no stream is what holds up all of them.
        held |= Q(stream="", ended_at__gte=first) & (frozen | more)
    rows = Delay.objects.filter(held, node__in=nodes).order_by("-stream", "pk")[:MOST_DELAYS]
    return [
        Late(
            node=row.node,
            kind="frozen" if row.kind == Delay.Kind.FROZEN else "lost",
            began_at=row.began_at,
            ended_at=row.ended_at,
            stream=row.stream,
            first=row.first,
            last=row.last,
        )
        for row in rows
    ]


def _closed(user_id: int, since: datetime | None) -> list[Departure]:
    own = Departure.objects.filter(user=user_id)
    if since is None:
        return list(own.order_by("-closed_at")[: MOST_AFTER + MOST_BEFORE])
    before = own.filter(closed_at__lt=since - JUST).order_by("-closed_at")[:MOST_BEFORE]
    after = own.filter(closed_at__gte=since - JUST).order_by("closed_at")[:MOST_AFTER]
    # Of those without a device's name the last says how the user left.
    nameless = next((row for row in before if not row.device), None)
    return [*(row for row in before if row.device or row is nameless), *after]


def _open(user_id: int) -> Sequence[Connection]:
    own = Connection.objects.filter(user=user_id).select_related("node")
    return list(own.order_by("-opened_at")[:MOST_OPEN])


def _cursors(user_id: int, stream: str) -> Mapping[str, Cursor]:
    own = Cursor.objects.filter(user=user_id, stream__name=stream).order_by("-updated_at")
    return {row.device: row for row in own[:MOST_DEVICES]}


def _device(
    key: tuple[str, str], lives: Sequence[Life], device_class: str, cursors: Mapping[str, Cursor]
) -> Device:
    cursor = cursors.get(key[0]) if key[0] else None
    if cursor is None or not cursor.epoch:  # told to begin anew, it has not done so
        return Device(name=key[0], device_class=device_class, lives=lives)
    return Device(
        name=key[0],
        device_class=device_class,
        lives=lives,
        acked=cursor.acked,
        acked_at=cursor.updated_at,
    )


def _of_departure(row: Departure, stream: str) -> Life:
    return Life(
        connection_id=row.connection_id,
        node=row.node,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        code=row.code,
        written=row.written.get(stream),
        acked=row.acked.get(stream),
        queued=row.queued,
        notes=notes.read(row.notes),
    )


def _of_connection(
    row: Connection, stream: str, now_there: SocketNow | None, asked: Survey | None, now: datetime
) -> Life:
    if now_there is not None:
        return _of_survey(now_there, stream, asked, now, row.opened_at)
    if now - row.node.seen_at > ALIVE_WITHIN:
        return Life(
            connection_id=row.pk,
            node=row.node_id,
            opened_at=row.opened_at,
            silent_since=row.node.seen_at,
        )
    is_known = asked is not None and all(row.node_id != node.id for node in asked.silent)
    return Life(
        connection_id=row.pk,
        node=row.node_id,
        opened_at=row.opened_at,
        closed_at=asked.moment if asked is not None and is_known else None,  # just now
    )


def _of_survey(
    now_there: SocketNow,
    stream: str,
    asked: Survey | None,
    now: datetime,
    opened_at: datetime | None = None,
) -> Life:
    place = next((one for one in now_there.streams if one.name == stream), None)
    if opened_at is None:
        moment = now if asked is None else asked.moment
        opened_at = moment - timedelta(seconds=now_there.opened_seconds_ago)
    return Life(
        connection_id=now_there.connection_id,
        node=now_there.node_id,
        opened_at=opened_at,
        written=None if place is None else place.offset,
        acked=None if place is None else place.acked,
        queued=now_there.queued,
        notes=now_there.notes,
        held_seconds=now_there.held_seconds,
        unanswered_seconds=now_there.unanswered_seconds,
    )


def last_events(user_id: int, most: int) -> list[Event]:
    """Return the newest events of a user's stream, the newest first."""
    own = Event.objects.filter(stream__name=user_stream(user_id))
    return list(own.order_by("-offset")[:most])
