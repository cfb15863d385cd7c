"""Cursors: the offset up to which each device has acknowledged a stream.

The hub stores acks here, and logins begin the cursors of new devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import connection

from realtime import clock
from realtime.models import Cursor, Stream

_CHUNK = 1000  # most cursors in one statement
TOUCHED_EVERY = timedelta(days=1)  # so that a device on a quiet stream is not idle


class CursorMove(NamedTuple):
    """An acknowledgement to store."""

    user_id: int
    device: str
    stream: str
    epoch: str
    acked: int


def move_cursors(moves: Sequence[CursorMove]) -> None:
    """Store acknowledgements. A cursor never moves back within an epoch.

    One statement per thousand moves. Moves of deleted users and streams are skipped.
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

    An existing cursor stays and is returned. Of two moves of one cursor, the first counts. Moves
    of deleted users and streams are skipped. One statement per thousand cursors.
    """
    table = connection.ops.quote_name(Cursor._meta.db_table)
    first = {move[:3]: move for move in reversed(moves)}
    ordered = sorted(first.values())
    stored: dict[tuple[int, str, str], tuple[str, int]] = {}
    for start in range(0, len(ordered), _CHUNK):
        statement, values = _insert(ordered[start : start + _CHUNK])
        with connection.cursor() as cursor:
            # An update without effect: DO NOTHING would not return the row.
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
    """Return an INSERT of moves up to ON CONFLICT, and its parameters."""
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
