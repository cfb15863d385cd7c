"""The devices' cursors: how far each has applied a stream."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from realtime.models import Cursor, Stream

_CHUNK = 1000  # cursors a statement moves at most
TOUCHED_EVERY = timedelta(days=1)  # a device that comes back is not idle, whatever its streams are


class CursorMove(NamedTuple):
    """An acknowledgement to store."""

    user_id: int
    device: str
    stream: str
    epoch: str
    acked: int


def move_cursors(moves: Sequence[CursorMove]) -> None:
    """Store acknowledgements; a cursor only ever moves forward within an epoch.

    One statement a thousand moves. Moves of users and streams that are gone are left out.
    """
    quote = connection.ops.quote_name
    user = get_user_model()._meta
    assert user.pk.column is not None
    table, streams = quote(Cursor._meta.db_table), quote(Stream._meta.db_table)
    moment = timezone.now()
    now, day_ago = map(connection.ops.adapt_datetimefield_value, (moment, moment - TOUCHED_EVERY))
    ordered = sorted(moves)  # the order of the locks
    for start in range(0, len(ordered), _CHUNK):
        chunk = ordered[start : start + _CHUNK]
        values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(chunk))
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH move (user_id, device, stream, epoch, acked) AS (VALUES {values}) "
                f"INSERT INTO {table} (user_id, device, stream_id, epoch, acked, updated_at) "
                "SELECT move.user_id, move.device, stream.id, move.epoch, move.acked, %s "
                f"FROM move JOIN {streams} stream ON stream.name = move.stream "
                f"JOIN {quote(user.db_table)} person "
                f"ON person.{quote(user.pk.column)} = move.user_id "
                "ORDER BY move.user_id, move.device, stream.id "
                "ON CONFLICT (user_id, device, stream_id) DO UPDATE SET "
                "epoch = excluded.epoch, acked = excluded.acked, updated_at = excluded.updated_at "
                f"WHERE {table}.acked < excluded.acked OR {table}.epoch <> excluded.epoch "
                f"OR ({table}.acked = excluded.acked AND {table}.updated_at < %s)",
                [value for move in chunk for value in move] + [now, day_ago],
            )
