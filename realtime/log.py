"""The event log: append in the caller's transaction, read after an offset.

Offsets come from the stream's row, locked from `append` to commit: an offset
that is visible has every lower one visible too, and a rollback takes its offset
back, so there are no gaps. That holds at READ COMMITTED, and under SQLite's
immediate transactions. Call `append` last in a transaction, as the lock makes
the stream's other writers wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from realtime.models import Cursor, Event, Stream, new_epoch
from realtime.protocol import codec
from realtime.protocol.messages import Payload

PAGE = 200  # events a read returns at most
_CHUNK = 400  # streams a statement names at most: SQLite allows 999 parameters on old builds


class Entry(NamedTuple):
    """One event as it travels: what a wake-up carries and a read returns."""

    stream: str
    epoch: str
    offset: int
    type: str
    topic: str
    payload: str


class Head(NamedTuple):
    """Where a stream stands."""

    epoch: str
    head: int
    floor: int


def append(
    messages: Sequence[tuple[str, Payload]], *, idempotency_key: str | None = None
) -> list[Entry]:
    """Number and store messages, each `(stream, payload)`, in the order given.

    Streams are locked in the order of their names, so two callers never deadlock.
    With an idempotency key, a stream that holds an event of that key already gets
    none; its first event is returned in place. Must run inside `atomic()`.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("append() needs transaction.atomic()")
    counts: dict[str, int] = {}
    for stream, _ in messages:
        counts[stream] = counts.get(stream, 0) + 1
    rows = _lock_and_count(counts)
    earlier: dict[str, Entry] = {}
    if idempotency_key is not None:
        earlier = _find_key(rows, idempotency_key)
        if earlier:
            _give_back({name: counts[name] for name in earlier})
    following = {
        name: head - counts[name] for name, (_, _, head) in rows.items() if name not in earlier
    }
    moment = timezone.now()
    stamp = codec.timestamp(moment)
    entries: list[Entry] = []
    events: list[Event] = []
    for stream, payload in messages:
        if stream in earlier:
            entries.append(earlier[stream])
            continue
        following[stream] += 1
        offset = following[stream]
        stream_id, epoch, _ = rows[stream]
        text = codec.encode(payload, stream=stream, offset=offset, moment=stamp).decode()
        entries.append(Entry(stream, epoch, offset, payload.wire_type, payload.topic or "", text))
        events.append(
            Event(
                stream_id=stream_id,
                offset=offset,
                type=payload.wire_type,
                topic=payload.topic or "",
                payload=text,
                idempotency_key=idempotency_key,
                created_at=moment,
            )
        )
    Event.objects.bulk_create(events, batch_size=_CHUNK)
    return entries


def _lock_and_count(counts: Mapping[str, int]) -> dict[str, tuple[int, str, int]]:
    """Raise each stream's head by its count; return id, epoch and new head by name."""
    table = connection.ops.quote_name(Stream._meta.db_table)
    now = timezone.now()
    found: dict[str, tuple[int, str, int]] = {}
    names = sorted(counts)
    for start in range(0, len(names), _CHUNK // 4):
        chunk = names[start : start + _CHUNK // 4]
        values = ", ".join(["(%s, %s, %s, 0, %s)"] * len(chunk))
        parameters: list[Any] = []
        for name in chunk:
            parameters += [
                name,
                new_epoch(),
                counts[name],
                connection.ops.adapt_datetimefield_value(now),
            ]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (name, epoch, head, floor, created_at) VALUES {values} "
                f"ON CONFLICT (name) DO UPDATE SET head = {table}.head + excluded.head "
                "RETURNING name, id, epoch, head",
                parameters,
            )
            for name, stream_id, epoch, head in cursor.fetchall():
                found[name] = (stream_id, epoch, head)
    return found


def _find_key(rows: Mapping[str, tuple[int, str, int]], key: str) -> dict[str, Entry]:
    names = {stream_id: (name, epoch) for name, (stream_id, epoch, _) in rows.items()}
    events = Event.objects.filter(stream_id__in=list(names), idempotency_key=key)
    return {
        names[event.stream_id][0]: Entry(
            *names[event.stream_id], event.offset, event.type, event.topic, event.payload
        )
        for event in events
    }


def _give_back(counts: Mapping[str, int]) -> None:
    """Lower heads that were raised for a repetition, under the same row lock."""
    for name, count in counts.items():
        Stream.objects.filter(name=name).update(head=F("head") - count)


def heads(names: Iterable[str]) -> dict[str, Head]:
    """Read where streams stand; a stream that nothing was ever written to is left out."""
    wanted = sorted(names)
    found: dict[str, Head] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows = Stream.objects.filter(name__in=wanted[start : start + _CHUNK])
        for name, epoch, head, floor in rows.values_list("name", "epoch", "head", "floor"):
            found[name] = Head(epoch, head, floor)
    return found


def ensure(names: Iterable[str]) -> dict[str, Head]:
    """Read where streams stand, and begin those that do not exist."""
    wanted = set(names)
    found = heads(wanted)
    if missing := wanted - found.keys():
        Stream.objects.bulk_create([Stream(name=name) for name in missing], ignore_conflicts=True)
        found |= heads(missing)
    return found


def read_many(
    places: Sequence[tuple[str, int]],
) -> dict[tuple[str, int], tuple[Head, list[Entry]]]:
    """Read up to PAGE events after each `(stream, offset)`, with the stream's position.

    One query, hence of one moment. Events are contiguous from `offset + 1` unless that
    lies below the floor. A stream that does not exist is at offset 0 of no epoch.
    """
    quote = connection.ops.quote_name
    streams, events = quote(Stream._meta.db_table), quote(Event._meta.db_table)
    found: dict[tuple[str, int], tuple[Head, list[Entry]]] = {
        place: (Head("", 0, 0), []) for place in places
    }
    values = ", ".join(["(%s, %s)"] * len(places))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH wanted (name, after) AS (VALUES {values}) "
            "SELECT wanted.name, wanted.after, stream.epoch, stream.head, stream.floor, "
            f"event.{quote('offset')}, event.type, event.topic, event.payload "
            f"FROM wanted JOIN {streams} stream ON stream.name = wanted.name "
            f"LEFT JOIN {events} event ON event.stream_id = stream.id "
            f"AND event.{quote('offset')} > wanted.after "
            f"AND event.{quote('offset')} <= wanted.after + {PAGE} "
            f"ORDER BY wanted.name, wanted.after, event.{quote('offset')}",
            [value for place in places for value in place],
        )
        for name, after, epoch, head, floor, offset, kind, topic, payload in cursor.fetchall():
            place = (name, after)
            if not found[place][0].epoch:
                found[place] = (Head(epoch, head, floor), [])
            if offset is not None:
                found[place][1].append(Entry(name, epoch, offset, kind, topic, payload))
    return found


def read_after(stream: str, offset: int) -> tuple[Head, list[Entry]]:
    """Read up to PAGE events after `offset`, as `read_many` does for many."""
    return read_many([(stream, offset)])[stream, offset]


def cursors(user_id: int, device: str) -> dict[str, tuple[str, int]]:
    """Read a device's cursors: epoch and acknowledged offset by stream."""
    rows = Cursor.objects.filter(user_id=user_id, device=device)
    return {
        name: (epoch, acked)
        for name, epoch, acked in rows.values_list("stream__name", "epoch", "acked")
    }


class CursorMove(NamedTuple):
    """An acknowledgement to store."""

    user_id: int
    device: str
    stream: str
    epoch: str
    acked: int


def move_cursors(moves: Sequence[CursorMove]) -> None:
    """Store acknowledgements; a cursor only ever moves forward within an epoch."""
    ids = dict(
        Stream.objects.filter(name__in={move.stream for move in moves}).values_list("name", "id")
    )
    table = connection.ops.quote_name(Cursor._meta.db_table)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    rows = sorted(
        (move.user_id, move.device, ids[move.stream], move.epoch, move.acked)
        for move in moves
        if move.stream in ids
    )
    for start in range(0, len(rows), _CHUNK // 4):
        chunk = rows[start : start + _CHUNK // 4]
        values = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(chunk))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (user_id, device, stream_id, epoch, acked, updated_at) "
                f"VALUES {values} "
                "ON CONFLICT (user_id, device, stream_id) DO UPDATE SET "
                "epoch = excluded.epoch, acked = excluded.acked, updated_at = excluded.updated_at "
                f"WHERE {table}.acked < excluded.acked OR {table}.epoch <> excluded.epoch",
                [value for row in chunk for value in (*row, now)],
            )
