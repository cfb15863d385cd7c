"""Trace an event or a user: what happened, and why a device got it or not.

The admin, `manage.py trace` and tests call it; it reads and asks, and writes nothing. Call it from
a thread or a command, never on an event loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from realtime import clock, log
from realtime.core.whereabouts import Survey
from realtime.models import Event
from realtime.streams import stream_user, user_stream
from realtime.trace import contributors, evidence, loading, report
from realtime.trace.contributors import May, everything
from realtime.trace.evidence import Happened, Late, Life
from realtime.trace.fate import fate
from realtime.trace.moments import maybe, spoken, stamp
from realtime.trace.report import Entry, EventTrace, Line, UserTrace
from realtime.trace.verdict import Verdict, overall, verdict

MOST_EVENTS = 20  # of a user's stream
SINCE = timedelta(days=1)  # what a user's timeline shows
ALL = "It is for everybody: name a user to learn what became of it there."


def trace_event(
    stream: str,
    offset: int,
    *,
    user_id: int | None = None,
    ask: bool = True,
    may: May = everything,
) -> EventTrace:
    """Return what became of an event; of a shared one, for the user that is given.

    Raises NotFound for an event that never was. `ask` asks the nodes for their open sockets, which
    takes milliseconds, or two seconds where one is silent. `may` says which rights the reader has.
    """
    found = loading.find(stream, offset)
    event, whose = found.event, stream_user(stream) or user_id
    asked = loading.ask(whose) if ask and whose is not None else None
    devices: Sequence[evidence.Device] = ()
    if whose is not None:
        devices, now = loading.devices(whose, stream, event.committed_at, asked)
    else:
        now = clock.now()
    lives = [life for device in devices for life in device.lives]
    late = loading.delays([event], lives)
    judged = [
        (device, verdict(event, device, late, now))
        for device in devices
        if device.name or not _is_behind(event, device)
    ]
    if whose is None:
        best = Verdict(code="unknown", reach="unknown", text=ALL)
    else:
        best = overall([one for _, one in judged])
    entries = [*_committed(found), *_lateness(late), *_lives(event, devices)]
    if found.row is not None:
        entries += contributors.of_event(stream, found.row, may)
    return EventTrace(
        stream=stream,
        offset=offset,
        epoch=found.head.epoch,
        event_id=None if found.row is None else found.row.pk,
        type="" if found.row is None else found.row.type,
        filter_type=event.filter_type,
        user_id=whose,
        committed_at=maybe(event.committed_at),
        is_trimmed=offset <= found.head.floor,
        request_id=None if found.row is None else found.row.request_id,
        traceparent=None if found.row is None else found.row.traceparent,
        reached=0 if found.row is None else found.row.reached,
        verdict=best.code,
        reach=best.reach,
        text=best.text,
        devices=tuple(_device(event, device, one) for device, one in judged),
        silent=_silent(asked),
        timeline=_in_order(entries),
        traced_at=stamp(now),
    )


def trace_user(user_id: int, *, ask: bool = True, may: May = everything) -> UserTrace:
    """Return where a user is, and what became of the last events."""
    stream = user_stream(user_id)
    head = log.heads([stream]).get(stream)
    asked = loading.ask(user_id) if ask else None
    rows = loading.last_events(user_id, MOST_EVENTS)
    since = rows[-1].created_at if rows else None
    devices, now = loading.devices(user_id, stream, since, asked)
    return UserTrace(
        user_id=user_id,
        stream=stream,
        epoch="" if head is None else head.epoch,
        head=0 if head is None else head.head,
        floor=0 if head is None else head.floor,
        is_online=any(life.is_open for device in devices for life in device.lives),
        devices=tuple(_present(device, 0 if head is None else head.head) for device in devices),
        events=tuple(_lines(stream, rows, devices, now)),
        silent=_silent(asked),
        timeline=_in_order(
            [*_lives(None, devices), *contributors.of_user(user_id, now - SINCE, may)]
        ),
        traced_at=stamp(now),
    )


def _is_behind(event: Happened, device: evidence.Device) -> bool:
    """Say whether a socket without a name has nothing to do with an event."""
    return all(fate(event, life).what == "behind" for life in device.lives)


def _lines(
    stream: str, rows: Sequence[Event], devices: Sequence[evidence.Device], now: datetime
) -> Iterator[Line]:
    events = [
        Happened(
            stream=stream,
            offset=row.offset,
            filter_type=row.filter_type,
            committed_at=row.created_at,
        )
        for row in rows
    ]
    late = loading.delays(events, [life for device in devices for life in device.lives])
    for row, event in zip(rows, events, strict=True):
        best = overall(
            [
                verdict(event, device, late, now)
                for device in devices
                if device.name or not _is_behind(event, device)
            ]
        )
        yield Line(
            offset=row.offset,
            type=row.type,
            committed_at=stamp(row.created_at),
            verdict=best.code,
            reach=best.reach,
            text=best.text,
        )


def _device(event: Happened, device: evidence.Device, said: Verdict) -> report.Device:
    return report.Device(
        device=device.name,
        device_class=device.device_class,
        verdict=said.code,
        reach=said.reach,
        text=said.text,
        acked=device.acked,
        acked_at=maybe(device.acked_at),
        sockets=tuple(_socket(life, event) for life in device.lives),
    )


def _socket(life: Life, event: Happened | None) -> report.Socket:
    return report.Socket(
        connection_id=life.connection_id,
        node=life.node,
        opened_at=stamp(life.opened_at),
        closed_at=maybe(life.closed_at),
        code=life.code,
        written=life.written,
        acked=life.acked,
        queued=life.queued,
        notes=tuple(life.notes),
        what=None if event is None else fate(event, life).what,
    )


def _present(device: evidence.Device, head: int) -> report.Present:
    open_now = [life for life in device.lives if life.is_open]
    written = max((life.written or 0 for life in open_now), default=None)
    said = [device.acked, *(life.acked for life in device.lives)]
    acked = max((offset for offset in said if offset is not None), default=None)
    if open_now:
        life = open_now[-1]
        text = f"Connected since {spoken(life.opened_at)}."
        if life.silent_since is not None:
            text = f"Its node has said nothing since {spoken(life.silent_since)}."
        elif life.held_seconds is not None:
            text += f" It has not read for {life.held_seconds:.0f} s; {life.queued:,} bytes wait."
    elif device.lives:
        last = max(device.lives, key=lambda life: life.closed_at or life.opened_at)
        text = f"It left at {spoken(last.closed_at)} with code {last.code}."
    else:
        text = f"It was last heard of at {spoken(device.acked_at)}."
    at = acked if written is None else written
    return report.Present(
        device=device.name,
        device_class=device.device_class,
        is_open=bool(open_now),
        offset=written,
        acked=acked,
        behind=None if at is None else max(0, head - at),
        text=text,
        sockets=tuple(_socket(life, None) for life in device.lives),
    )


def _committed(found: loading.Found) -> Iterator[Entry]:
    row = found.row
    if row is None:
        return
    text = f"Committed as event {row.offset:,} of {found.event.stream}."
    if stream_user(found.event.stream) is None:
        text = f"{text} Written to {row.reached:,} sockets."
    if row.request_id:
        text = f"{text} Published by request {row.request_id}."
    yield Entry(at=stamp(row.created_at), source="log", text=text)


def _lateness(late: Sequence[Late]) -> Iterator[Entry]:
    for one in late:
        if one.kind == "frozen":
            seconds = (one.ended_at - one.began_at).total_seconds()
            text = f"Node {one.node} stood still for {seconds:.1f} s."
            yield Entry(at=stamp(one.began_at), source="node", text=text)
        else:
            which = f"the events {one.first:,} to {one.last:,}" if one.stream else "many events"
            text = f"Node {one.node} had no wake-up for {which}."
            yield Entry(at=stamp(one.ended_at), source="node", text=text)


def _lives(event: Happened | None, devices: Sequence[evidence.Device]) -> Iterator[Entry]:
    """Yield when sockets opened and closed, and what was done to them."""
    for device in devices:
        name = device.name or "A socket without a device's name"
        for life in device.lives:
            data = {"connection_id": life.connection_id, "device": device.name}
            yield Entry(
                at=stamp(life.opened_at), source="socket", text=f"{name}: connected.", data=data
            )
            end = life.closed_at
            for note in life.notes:
                if end is not None and note.kind in {"resync", "anew"}:
                    at = end - timedelta(seconds=note.seconds_ago)
                    text = (
                        f"{name}: put from {note.before:,} to {note.to:,} of {note.stream} "
                        f"({note.reason})."
                    )
                    yield Entry(at=stamp(at), source="socket", text=text, data=data)
            if end is not None:
                text = f"{name}: disconnected with code {life.code}."
                yield Entry(at=stamp(end), source="socket", text=text, data=data)
        is_it = event is None or (device.acked or 0) >= event.offset
        if device.acked is not None and device.acked_at is not None and is_it:
            text = f"{name}: acknowledged up to {device.acked:,}, no later than this."
            yield Entry(at=stamp(device.acked_at), source="socket", text=text)


def _in_order(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda entry: entry.at))


def _silent(asked: Survey | None) -> tuple[str, ...]:
    return () if asked is None else tuple(node.name for node in asked.silent)
