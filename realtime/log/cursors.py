"""The devices' cursors: how far each has applied a stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from realtime.models import Cursor, Stream

_CHUNK = 100  # cursors a statement moves at most


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
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
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
