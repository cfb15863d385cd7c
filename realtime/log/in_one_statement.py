"""Append in one statement on PostgreSQL: lock, number and store.

Only `realtime.log.appending` calls it. It takes half the round trips of separate steps. Lists
are passed as JSON: quoting a parameter per value took three quarters of the publisher's CPU for a
large batch. The text of an event must be byte for byte what `codec.encode` writes.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection

from realtime import clock, log_context
from realtime.core.records import Beside, StoredEvent
from realtime.log.epochs import DEPLOYMENT, compose, composed
from realtime.models import new_epoch
from realtime.protocol import codec
from realtime.protocol.messages import Payload

_MANY = 1000  # most events in one statement
# The text of an event around the two values that only the statement knows: time and offset.
_NO_TIME = "-"
_OPEN_TIME = f'"timestamp":"{_NO_TIME}"'
_OPEN_END = '"offset":0}'
_STAMP = """to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


def append(
    messages: Sequence[tuple[str, Payload]], beside: Beside | None = None
) -> list[StoredEvent]:
    """Number and store messages; see `realtime.log.append`."""
    return [_append_one(*messages[0], beside)] if len(messages) == 1 else _append_many(messages)


def _append_one(stream: str, payload: Payload, beside: Beside | None) -> StoredEvent:
    """Append one event, the usual case."""
    start, end = _open_text(stream, payload)
    kind, filter_type = payload.wire_type, payload.filter_type or ""
    parameters = [stream, new_epoch(), kind, filter_type, start, end, *log_context.origin()]
    sql = _statement_for_one()
    if beside is not None:
        sql, parameters = _statement_for_one(beside.sql), [*parameters, *beside.parameters]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        own, deployment, offset, stamp = cursor.fetchone()
    epoch = compose(own, deployment)
    return StoredEvent(stream, epoch, offset, kind, filter_type, f"{start}{stamp}{end}{offset}}}")


@functools.cache
def _statement_for_one(beside: str = "") -> str:
    event = f"SELECT head AS place, {composed('epoch')} AS epoch, {clock.now_sql()} AS moment"
    also = f", event AS ({event} FROM bumped), beside AS ({beside})" if beside else ""
    return (
        "WITH bumped AS ("
        "INSERT INTO realtime_stream (name, epoch, head, floor, created_at) "
        f"VALUES (%s, %s, 1, 0, {clock.now_sql()}) "
        "ON CONFLICT (name) DO UPDATE SET head = realtime_stream.head + 1 "
        f"RETURNING id, epoch, head, {_STAMP} AS stamp), "
        "stored AS ("
        'INSERT INTO realtime_event (stream_id, "offset", type, filter_type, payload, '
        "reached, request_id, traceparent, created_at) "
        "SELECT id, head, %s, %s, %s || stamp || %s || head || '}', 0, %s, %s, "
        f"{clock.now_sql()} FROM bumped){also} "
        f"SELECT epoch, {DEPLOYMENT}, head, stamp FROM bumped"
    )


def _open_text(stream: str, payload: Payload) -> tuple[str, str]:
    """Encode an event; return the text before its time, and from there up to its offset."""
    text = codec.encode(payload, stream=stream, offset=0, moment=_NO_TIME).decode()
    start, found, end = text.rpartition(_OPEN_TIME)  # the last one: an earlier match is data
    assert found and end.endswith(_OPEN_END), text
    return f'{start}"timestamp":"', f'"{end[:-2]}'


def _append_many(messages: Sequence[tuple[str, Payload]]) -> list[StoredEvent]:
    """Append about a thousand events per statement.

    All events of a stream are in one statement, and statements follow the order of the
    streams' names, which is the order of the locks.
    """
    by_stream: dict[str, list[int]] = {}
    for number, (stream, _) in enumerate(messages):
        by_stream.setdefault(stream, []).append(number)
    entries: dict[int, StoredEvent] = {}
    chunk: dict[str, list[int]] = {}
    size = 0
    for name in sorted(by_stream):
        chunk[name] = by_stream[name]
        size += len(by_stream[name])
        if size >= _MANY:
            entries |= _store(chunk, messages)
            chunk, size = {}, 0
    if chunk:
        entries |= _store(chunk, messages)
    return [entries[number] for number in range(len(messages))]


def _store(
    by_stream: dict[str, list[int]], messages: Sequence[tuple[str, Payload]]
) -> dict[int, StoredEvent]:
    streams = [
        {"name": name, "epoch": new_epoch(), "count": len(numbers)}
        for name, numbers in by_stream.items()
    ]
    events: dict[int, dict[str, Any]] = {}
    for name, numbers in by_stream.items():
        for behind, number in enumerate(reversed(numbers)):
            payload = messages[number][1]
            start, end = _open_text(name, payload)
            events[number] = {
                "stream": name,
                "behind": behind,  # offset below the head, which only the statement knows
                "type": payload.wire_type,
                "filter_type": payload.filter_type or "",
                "start": start,
                "end": end,
            }
    with connection.cursor() as cursor:
        rows = [_as_json(streams), _as_json(list(events.values()))]
        cursor.execute(_statement_for_many(), [*rows, *log_context.origin()])
        heads = {name: (epoch, head, stamp) for name, epoch, head, stamp in cursor.fetchall()}
    entries = {}
    for number, event in events.items():
        epoch, head, stamp = heads[event["stream"]]
        offset = head - event["behind"]
        entries[number] = StoredEvent(
            event["stream"], epoch, offset, event["type"], event["filter_type"],
            f"{event['start']}{stamp}{event['end']}{offset}}}",
        )  # fmt: skip
    return entries


@functools.cache
def _statement_for_many() -> str:
    """Return the statement; it locks streams in the given order."""
    return (
        "WITH bumped AS ("
        "INSERT INTO realtime_stream (name, epoch, head, floor, created_at) "
        f"SELECT name, epoch, count, 0, {clock.now_sql()} "
        "FROM json_to_recordset(%s) AS item (name text, epoch text, count bigint) "
        "ON CONFLICT (name) DO UPDATE SET head = realtime_stream.head + excluded.head "
        f"RETURNING id, name, epoch, head, {_STAMP} AS stamp), "
        "message AS (SELECT * FROM json_to_recordset(%s) "
        "AS item (stream text, behind bigint, type text, filter_type text, start text, "
        '"end" text)), '
        "stored AS ("
        'INSERT INTO realtime_event (stream_id, "offset", type, filter_type, payload, '
        "reached, request_id, traceparent, created_at) "
        "SELECT bumped.id, bumped.head - message.behind, message.type, message.filter_type, "
        'message.start || bumped.stamp || message."end" || '
        f"(bumped.head - message.behind) || '}}', 0, %s, %s, {clock.now_sql()} "
        "FROM message JOIN bumped ON bumped.name = message.stream) "
        f"SELECT name, {composed('epoch')}, head, stamp FROM bumped"
    )


def _as_json(rows: Sequence[dict[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()
