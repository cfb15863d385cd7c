"""Cursors: the offset up to which each device has acknowledged a stream.

The hub stores acks here, and logins begin the cursors of new devices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import connection

from realtime import clock
from realtime.meters import timed
from realtime.sql import table

_CHUNK = 1000  # most cursors in one statement
_COLUMNS = {
    "user_id": "bigint", "device": "text", "stream": "text", "epoch": "text", "acked": "bigint",
}  # fmt: skip
_OF_LOGINS = _COLUMNS | {"device_class": "text"}
TOUCHED_EVERY = timedelta(days=1)  # so that a device on a quiet stream is not idle


class CursorMove(NamedTuple):
    """An acknowledgement to store. Logins alone say the class of the device."""

    user_id: int
    device: str
    stream: str
    epoch: str
    acked: int
    device_class: str = ""


@timed("ack")
def move_cursors(moves: Sequence[CursorMove]) -> None:
    """Store acknowledgements. A cursor never moves back within an epoch.

    One statement per thousand moves. Moves of deleted users and streams are skipped.
    """
    _insert(
        moves,
        "DO UPDATE SET "
        "epoch = excluded.epoch, acked = excluded.acked, updated_at = excluded.updated_at "
        "WHERE realtime_cursor.acked < excluded.acked OR realtime_cursor.epoch <> excluded.epoch "
        "OR (realtime_cursor.acked = excluded.acked "
        f"AND realtime_cursor.updated_at < {clock.now_sql(ago=TOUCHED_EVERY)})",
    )


def begin_cursors(moves: Sequence[CursorMove]) -> dict[tuple[int, str, str], tuple[str, int]]:
    """Store where new devices begin; return the stored epoch and offset by user, device, stream.

    An existing cursor stays where it is, takes the class, and is returned. Of two moves of one
    cursor, the first counts. Moves of deleted users and streams are skipped. One statement per
    thousand cursors.
    """
    first = {move[:3]: move for move in reversed(moves)}
    rows = _insert(
        first.values(),
        # DO NOTHING would not return the row.
        "DO UPDATE SET device_class = CASE WHEN excluded.device_class = '' "
        "THEN realtime_cursor.device_class ELSE excluded.device_class END "
        "RETURNING user_id, device, epoch, acked, "
        "(SELECT name FROM realtime_stream stream WHERE stream.id = realtime_cursor.stream_id)",
        _OF_LOGINS,
    )
    return {(user, device, name): (epoch, acked) for user, device, epoch, acked, name in rows}


def _insert(
    moves: Iterable[CursorMove], on_conflict: str, columns: Mapping[str, str] = _COLUMNS
) -> list[Any]:
    """Insert cursors; return the rows that `on_conflict` returns."""
    quote = connection.ops.quote_name
    user = get_user_model()._meta
    assert user.pk.column is not None
    ordered = sorted(move[: len(columns)] for move in moves)  # the order of the locks
    more = "".join(f", {name}" for name in [*columns][len(_COLUMNS) :])
    stored: list[Any] = []
    for start in range(0, len(ordered), _CHUNK):
        some = ordered[start : start + _CHUNK]
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH move AS ({table.given(columns)}) "
                "INSERT INTO realtime_cursor "
                f"(user_id, device, stream_id, epoch, acked, updated_at{more}) "
                "SELECT move.user_id, move.device, stream.id, move.epoch, move.acked, "
                f"{clock.now_sql()}{more} "
                "FROM move JOIN realtime_stream stream ON stream.name = move.stream "
                f"JOIN {quote(user.db_table)} person "
                f"ON person.{quote(user.pk.column)} = move.user_id "
                "ORDER BY move.user_id, move.device, stream.id "
                f"ON CONFLICT (user_id, device, stream_id) {on_conflict}",
                [table.parameter(some)],
            )
            stored += cursor.fetchall() if cursor.description else ()
    return stored
