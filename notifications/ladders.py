"""Publish notifications that appear, and begin their ladders in the same transaction.

A ladder keeps the offset and the epoch of the event that carries its notification, so that what
devices acknowledge tells whether it was received. No preference is read here: the judge does that
when a rung is due. Called by `publishing`, by the job of scheduled ones and by mailings.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import msgspec
from django.db import connection

from notifications.choices import Status
from notifications.delivery.closing import ladders_close
from notifications.delivery.ladders import DUE, first_due
from notifications.kinds import Kind
from notifications.kinds.lookup import kind_of
from notifications.models import Escalation, Notification
from notifications.payloads import notification_payload
from realtime import clock
from realtime.core.records import StoredEvent
from realtime.outgoing.nudge import nudge
from realtime.publish import Beside, publish, publish_many
from realtime.streams import user_stream


class Begun(NamedTuple):
    """A notification that was just published, and its event."""

    notification_id: int
    user_id: int
    kind: Kind
    event: StoredEvent


def notifications_appear(rows: Sequence[Notification]) -> None:
    """Publish notifications that their users do not have yet, and begin their ladders.

    What they supersede leaves the system no more. Call it last in the transaction.
    """
    if void := {row.supersedes_id for row in rows if row.supersedes_id is not None}:
        ladders_close(void, "superseded")
    if len(rows) == 1:
        [row] = rows
        kind = ladder_kind(row)
        beside = None if kind is None else _beside(row, kind)
        publish(user_stream(row.user_id), notification_payload(row), beside=beside)
        if kind is not None and not first_due(kind):
            nudge(DUE)
        return
    events = publish_many([(user_stream(row.user_id), notification_payload(row)) for row in rows])
    begin(
        [
            Begun(row.pk, row.user_id, kind, event)
            for row, event in zip(rows, events, strict=True)
            if (kind := ladder_kind(row)) is not None
        ]
    )


def ladder_kind(row: Notification) -> Kind | None:
    """Return the kind of a notification that may leave the app; None for one that does not."""
    kind = kind_of(row.kind, row.type) if row.status == Status.UNREAD else None
    return kind if kind is not None and kind.ladder else None


def begin(begun: Sequence[Begun]) -> None:
    """Insert the ladders of notifications in one statement.

    A notification that is published again, because it was given to another user, begins anew.
    """
    if not begun:
        return
    items = [
        {
            "notification": each.notification_id,
            "person": each.user_id,
            "kind": each.kind.name,
            "policy": each.kind.policy_version,
            "place": each.event.offset,
            "epoch": each.event.epoch,
            "seconds": first_due(each.kind).total_seconds(),
        }
        for each in begun
    ]
    with connection.cursor() as cursor:
        cursor.execute(_for_many(connection.vendor), [msgspec.json.encode(items).decode()])
    if any(not item["seconds"] for item in items):
        nudge(DUE)


def _beside(row: Notification, kind: Kind) -> Beside:
    """Insert the ladder of one notification in the statement of its event."""
    seconds = first_due(kind).total_seconds()
    given = (row.pk, row.user_id, kind.name, kind.policy_version, seconds)
    return Beside(_for_one(connection.vendor), given)


@cache
def _for_one(vendor: str) -> str:
    values = ("%s", "%s", "%s", "%s", "event.place", "event.epoch", "event.moment")
    return _insert(values, _later(vendor, "event.moment", "%s"), "event")


@cache
def _for_many(vendor: str) -> str:
    names = ("notification", "person", "kind", "policy", "place", "epoch")
    if vendor == "postgresql":
        source = (
            "json_to_recordset(%s) AS item (notification bigint, person bigint, kind text, "
            "policy text, place bigint, epoch text, seconds double precision)"
        )
    else:
        found = (f"json_extract(value, '$.{name}') AS {name}" for name in (*names, "seconds"))
        source = f"(SELECT {', '.join(found)} FROM json_each(%s)) AS item"
    now = clock.now_sql()
    values = (*(f"item.{name}" for name in names), now)
    return _insert(values, _later(vendor, now, "item.seconds"), source)


def _later(vendor: str, moment: str, seconds: str) -> str:
    """Return an SQL expression: a moment of the database, and some seconds."""
    if vendor == "postgresql":
        return f"{moment} + {seconds} * interval '1 second'"
    return f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', {moment}, {seconds} || ' seconds')"


def _insert(place: Sequence[str], due: str, source: str) -> str:
    """Write the statement, of expressions for the columns before `rung` and for `due_at`."""
    columns = [
        *("notification", "user", "kind", "policy_version", "event_offset", "epoch"),
        *("committed_at", "due_at", "rung", "closed_at", "reason", "evidence"),
    ]
    values = [*place, due, "0", "NULL", "''", "NULL"]
    quote, meta = connection.ops.quote_name, Escalation._meta
    named = {field.name: quote(field.column) for field in meta.concrete_fields}
    key, *rest = (named[name] for name in columns)
    return (
        f"INSERT INTO {quote(meta.db_table)} ({key}, {', '.join(rest)}) "
        f"SELECT {', '.join(values)} FROM {source} WHERE true "  # SQLite needs a WHERE
        f"ON CONFLICT ({key}) DO UPDATE SET "
        + ", ".join(f"{column} = excluded.{column}" for column in rest)
    )
