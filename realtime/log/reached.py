"""Count the sockets that shared events have reached. The reporter of each node calls it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from realtime.sql import table

_CHUNK = 1000  # most events in one statement
_COLUMNS = {"stream": "text", "place": "bigint", "sockets": "bigint"}


def add_reached(counts: Sequence[tuple[str, int, int]]) -> None:
    """Add `(stream, offset, sockets)` to the counts of events; one statement per thousand."""
    ordered = sorted(counts)  # the order of the locks
    for start in range(0, len(ordered), _CHUNK):
        chunk = ordered[start : start + _CHUNK]
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH counted AS ({table.given(_COLUMNS)}) "
                "UPDATE realtime_event SET reached = realtime_event.reached + counted.sockets "
                "FROM counted JOIN realtime_stream stream ON stream.name = counted.stream "
                "WHERE realtime_event.stream_id = stream.id "
                'AND realtime_event."offset" = counted.place',
                [table.parameter(chunk)],
            )
