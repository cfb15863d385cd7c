"""Count the sockets that shared events have reached. The reporter of each node calls it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from realtime.models import Event, Stream

_CHUNK = 1000  # most events in one statement


def add_reached(counts: Sequence[tuple[str, int, int]]) -> None:
    """Add `(stream, offset, sockets)` to the counts of events; one statement per thousand."""
    quote = connection.ops.quote_name
    events, streams = quote(Event._meta.db_table), quote(Stream._meta.db_table)
    ordered = sorted(counts)  # the order of the locks
    for start in range(0, len(ordered), _CHUNK):
        chunk = ordered[start : start + _CHUNK]
        values = ", ".join(["(%s, %s, %s)"] * len(chunk))
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH counted (stream, place, sockets) AS (VALUES {values}) "
                f"UPDATE {events} SET reached = {events}.reached + counted.sockets "
                f"FROM counted JOIN {streams} stream ON stream.name = counted.stream "
                f'WHERE {events}.stream_id = stream.id AND {events}."offset" = counted.place',
                [value for count in chunk for value in count],
            )
