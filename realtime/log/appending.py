"""Append to the log. `realtime.publish` calls `append`; nothing else may write events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from realtime import clock, log_context
from realtime.core.records import Beside, StoredEvent
from realtime.log import in_one_statement
from realtime.log.epochs import composed
from realtime.models import Event, Stream, new_epoch
from realtime.protocol import codec
from realtime.protocol.messages import Payload

_CHUNK = 400  # most events in one statement: old builds of SQLite allow 999 parameters


def append(
    messages: Sequence[tuple[str, Payload]],
    *,
    idempotency_key: str | None = None,
    beside: Beside | None = None,
) -> list[StoredEvent]:
    """Number and store messages, each `(stream, payload)`, in the given order.

    Locks streams in the order of their names, so two callers never deadlock. With an
    idempotency key, a stream that already has an event of that key gets no new one, and its
    first event is returned instead. `beside` is for one message without a key. Must run inside
    `atomic()`. Raises ValueError if one key is given for two events of a stream.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("append() needs transaction.atomic()")
    if idempotency_key is not None and len({name for name, _ in messages}) < len(messages):
        raise ValueError("An idempotency key is for one event per stream; give each event its own.")
    if not messages:
        return []
    if connection.vendor == "postgresql" and idempotency_key is None:
        return in_one_statement.append(messages, beside)
    entries = _append_in_steps(messages, idempotency_key)
    if beside is not None:
        _insert_beside(entries[0], beside)
    return entries


def _insert_beside(entry: StoredEvent, beside: Beside) -> None:
    event = f"SELECT %s AS place, %s AS epoch, {clock.now_sql()} AS moment"
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH event AS ({event}) {beside.sql}",
            [entry.offset, entry.epoch, *beside.parameters],
        )


def _append_in_steps(
    messages: Sequence[tuple[str, Payload]], idempotency_key: str | None
) -> list[StoredEvent]:
    """Lock the streams and raise their heads, look for the key, then store."""
    counts: dict[str, int] = {}
    for stream, _ in messages:
        counts[stream] = counts.get(stream, 0) + 1
    rows, moment = _lock_and_count(counts)
    earlier: dict[str, StoredEvent] = {}
    if idempotency_key is not None:
        earlier = _find_key(rows, idempotency_key)
        if earlier:
            _give_back({name: counts[name] for name in earlier})
    following = {
        name: head - counts[name] for name, (_, _, head) in rows.items() if name not in earlier
    }
    stamp = codec.timestamp(moment)
    request_id, traceparent = log_context.origin()
    entries: list[StoredEvent] = []
    events: list[Event] = []
    for stream, payload in messages:
        if stream in earlier:
            entries.append(earlier[stream])
            continue
        following[stream] += 1
        offset = following[stream]
        stream_id, epoch, _ = rows[stream]
        text = codec.encode(payload, stream=stream, offset=offset, moment=stamp).decode()
        entries.append(
            StoredEvent(stream, epoch, offset, payload.wire_type, payload.filter_type or "", text)
        )
        events.append(
            Event(
                stream_id=stream_id,
                offset=offset,
                type=payload.wire_type,
                filter_type=payload.filter_type or "",
                payload=text,
                idempotency_key=idempotency_key,
                request_id=request_id,
                traceparent=traceparent,
                created_at=moment,
            )
        )
    Event.objects.bulk_create(events, batch_size=_CHUNK)
    return entries


def _lock_and_count(
    counts: Mapping[str, int],
) -> tuple[dict[str, tuple[int, str, int]], datetime]:
    """Raise each stream's head by its count.

    Returns id, epoch and new head by name, and the time of the first lock.
    """
    now = clock.now_sql()
    moments: list[datetime] = []
    found: dict[str, tuple[int, str, int]] = {}
    names = sorted(counts)
    for start in range(0, len(names), _CHUNK // 4):
        chunk = names[start : start + _CHUNK // 4]
        values = ", ".join([f"(%s, %s, %s, 0, {now})"] * len(chunk))
        parameters: list[Any] = []
        for name in chunk:
            parameters += [name, new_epoch(), counts[name]]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO realtime_stream (name, epoch, head, floor, created_at) "
                f"VALUES {values} ON CONFLICT (name) "
                "DO UPDATE SET head = realtime_stream.head + excluded.head "
                f"RETURNING name, id, {composed('realtime_stream.epoch')}, head, {now}",
                parameters,
            )
            for name, stream_id, epoch, head, moment in cursor.fetchall():
                found[name] = (stream_id, epoch, head)
                moments.append(clock.moment_of(moment))
    return found, moments[0]


def _find_key(rows: Mapping[str, tuple[int, str, int]], key: str) -> dict[str, StoredEvent]:
    names = {stream_id: (name, epoch) for name, (stream_id, epoch, _) in rows.items()}
    events = Event.objects.filter(stream_id__in=list(names), idempotency_key=key)
    return {
        names[event.stream_id][0]: StoredEvent(
            *names[event.stream_id], event.offset, event.type, event.filter_type, event.payload
        )
        for event in events
    }


def _give_back(counts: Mapping[str, int]) -> None:
    """Lower the heads that were raised for repetitions, under the same row lock."""
    for name, count in counts.items():
        Stream.objects.filter(name=name).update(head=F("head") - count)
