"""The devices' cursors: how far each has applied a stream."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import connection

from realtime import clock
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
    table = connection.ops.quote_name(Cursor._meta.db_table)
    ordered = sorted(moves)  # the order of the locks
    for start in range(0, len(ordered), _CHUNK):
        statement, values = _insert(ordered[start : start + _CHUNK])
        with connection.cursor() as cursor:
            cursor.execute(
                f"{statement} DO UPDATE SET "
                "epoch = excluded.epoch, acked = excluded.acked, updated_at = excluded.updated_at "
                f"WHERE {table}.acked < excluded.acked OR {table}.epoch <> excluded.epoch "
                f"OR ({table}.acked = excluded.acked "
                f"AND {table}.updated_at < {clock.now_sql(ago=TOUCHED_EVERY)})",
                values,
            )


def begin_cursors(moves: Sequence[CursorMove]) -> dict[tuple[int, str, str], tuple[str, int]]:
    """Store where new devices begin; return the stored epoch and offset by user, device, stream.

    A cursor that is there already stays as it is, and is what is returned. Of two moves of one
    cursor the first counts. Moves of users and streams that are gone are left out. One statement
    a thousand cursors.
    """
    table = connection.ops.quote_name(Cursor._meta.db_table)
    first = {move[:3]: move for move in reversed(moves)}
    ordered = sorted(first.values())
    stored: dict[tuple[int, str, str], tuple[str, int]] = {}
    for start in range(0, len(ordered), _CHUNK):
        statement, values = _insert(ordered[start : start + _CHUNK])
        with connection.cursor() as cursor:
            # An update that changes nothing, since DO NOTHING would return nothing either.
            cursor.execute(
                f"{statement} DO UPDATE SET acked = {table}.acked "
                "RETURNING user_id, device, epoch, acked, "
                f"(SELECT name FROM {connection.ops.quote_name(Stream._meta.db_table)} stream "
                f"WHERE stream.id = {table}.stream_id)",
                values,
            )
            for user_id, device, epoch, acked, name in cursor.fetchall():
                stored[user_id, device, name] = (epoch, acked)
    return stored


def _insert(moves: Sequence[CursorMove]) -> tuple[str, list[Any]]:
    """Write the statement that inserts moves, up to what to do about those that are there."""
    quote = connection.ops.quote_name
    user = get_user_model()._meta
    assert user.pk.column is not None
    table, streams = quote(Cursor._meta.db_table), quote(Stream._meta.db_table)
    values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(moves))
    return (
        f"WITH move (user_id, device, stream, epoch, acked) AS (VALUES {values}) "
        f"INSERT INTO {table} (user_id, device, stream_id, epoch, acked, updated_at) "
        "SELECT move.user_id, move.device, stream.id, move.epoch, move.acked, "
        f"{clock.now_sql()} "
        f"FROM move JOIN {streams} stream ON stream.name = move.stream "
        f"JOIN {quote(user.db_table)} person "
        f"ON person.{quote(user.pk.column)} = move.user_id "
        "ORDER BY move.user_id, move.device, stream.id "
        "ON CONFLICT (user_id, device, stream_id)",
        [value for move in moves for value in move],
    )
