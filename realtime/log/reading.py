"""Read the log: the heads of streams, and the events after an offset. Never locks a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models.expressions import RawSQL

from realtime.core.continuity import Head
from realtime.core.records import StoredEvent
from realtime.log.epochs import composed
from realtime.meters import timed
from realtime.models import Stream
from realtime.sql import table

PAGE = 200  # most events that one read returns
PAGE_BYTES = 64 * 1024  # of UTF-8 per read, but at least one event
_CHUNK = 10_000  # most streams in one statement: SQLite allows 32,766 parameters


@timed("reconcile")
def heads(names: Iterable[str]) -> dict[str, Head]:
    """Read the heads of streams; leave out streams that were never written to."""
    return _heads("name", sorted(names))


def heads_by_key(names: Iterable[str]) -> dict[str, Head]:
    """Read the heads of few of many streams, each by its name."""
    return _looked_up("name", "text", sorted(names))


def heads_by_id(ids: Iterable[int]) -> dict[str, Head]:
    """Read the heads of few of many streams, each by its id."""
    return _looked_up("id", "bigint", sorted(ids))


def _looked_up(key: str, kind: str, wanted: Sequence[object]) -> dict[str, Head]:
    """Read the heads of streams by `key`, in as many look-ups in its index.

    Asked for all of them at once, PostgreSQL scans a table of some thousand streams.
    """
    if connection.vendor != "postgresql":
        return _heads(key, wanted)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH wanted AS ({table.given({'key': kind})}) "
            f"SELECT one.name, {composed('one.epoch')}, one.head, one.floor FROM wanted, LATERAL ("
            "SELECT stream.name, stream.epoch, stream.head, stream.floor "
            f"FROM realtime_stream stream WHERE stream.{key} = wanted.key LIMIT 1) one",
            [table.parameter([(value,) for value in wanted])],
        )
        return {name: Head(*head) for name, *head in cursor.fetchall()}


def _heads(key: str, wanted: Sequence[object]) -> dict[str, Head]:
    found: dict[str, Head] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows = Stream.objects.filter(**{f"{key}__in": wanted[start : start + _CHUNK]}).annotate(
            life=RawSQL(composed("realtime_stream.epoch"), [])
        )
        for name, epoch, head, floor in rows.values_list("name", "life", "head", "floor"):
            found[name] = Head(epoch, head, floor)
    return found


def ensure(names: Iterable[str]) -> dict[str, Head]:
    """Read the heads of streams, and create those that do not exist."""
    wanted = set(names)
    found = heads(wanted)
    if missing := wanted - found.keys():
        # In the order in which publishers lock them.
        new = [Stream(name=name) for name in sorted(missing)]
        Stream.objects.bulk_create(new, ignore_conflicts=True)
        found |= heads(missing)
    return found


@timed("read")
def read_many(
    places: Sequence[tuple[str, int]], *, max_bytes: int = PAGE_BYTES
) -> dict[tuple[str, int], tuple[Head, list[StoredEvent]]]:
    """Read a page of events after each `(stream, offset)`, with the stream's head.

    A page has up to PAGE events that begin within `max_bytes`, as a socket would have to read
    the rest again. One query, so all of one moment. Events are contiguous from `offset + 1`
    unless that is below the floor. A missing stream has head 0 and epoch ''.
    """
    # SQLite's length() counts the characters of a text, and the bytes of a blob.
    postgres = connection.vendor == "postgresql"
    size = "octet_length(event.payload)" if postgres else "length(CAST(event.payload AS BLOB))"
    found: dict[tuple[str, int], tuple[Head, list[StoredEvent]]] = {
        place: (Head("", 0, 0), []) for place in places
    }
    columns = {"name": "text", "after": "bigint"}
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH wanted AS ({table.given(columns)}) "
            "SELECT name, after, epoch, head, floor, number, type, filter_type, payload FROM ("
            f"SELECT wanted.name, wanted.after, {composed('stream.epoch')} AS epoch, "
            "stream.head, stream.floor, "
            'event."offset" AS number, event.type, event.filter_type, event.payload, '
            f"sum({size}) OVER (PARTITION BY wanted.name, wanted.after "
            f'ORDER BY event."offset") - {size} AS before '
            "FROM wanted JOIN realtime_stream stream ON stream.name = wanted.name "
            "LEFT JOIN realtime_event event ON event.stream_id = stream.id "
            f'AND event."offset" > wanted.after AND event."offset" <= wanted.after + {PAGE}'
            ") page WHERE before IS NULL OR before < %s ORDER BY name, after, number",
            [table.parameter(places), max_bytes],
        )
        for name, after, epoch, head, floor, offset, *content in cursor.fetchall():
            place = (name, after)
            if not found[place][0].epoch:
                found[place] = (Head(epoch, head, floor), [])
            if offset is not None:
                found[place][1].append(StoredEvent(name, epoch, offset, *content))
    return found
