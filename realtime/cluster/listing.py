"""Store the sockets of nodes: those that are open, and those that have closed.

`realtime.cluster.reporter` calls it within a report. `realtime.registry` and `realtime.reach` read
what it writes. Times of sockets are monotonic, as wall clocks differ; what is stored is in the
database's time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from django.db import connection
from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber

from realtime import registry
from realtime.core.notes import Note
from realtime.core.transport import LOST
from realtime.hub.delays import Delayed
from realtime.hub.departures import Departed
from realtime.hub.socket import Socket
from realtime.models import Connection, Delay, Node
from realtime.sql import table

ROWS = 500  # rows in one statement
USERS = 5000  # users counted in one statement
DEPARTED_KEPT = timedelta(days=14)


class Listed(NamedTuple):
    """An open socket that is logged in."""

    id: str
    user_id: int
    session: str
    device: str
    device_class: str
    address: str
    client: str
    is_active: bool
    opened_at: float
    active_at: float | None


_LISTED = dict.fromkeys(Listed._fields, "text") | {
    "user_id": "bigint", "is_active": "boolean",
    "opened_at": "timestamptz", "active_at": "timestamptz",
}  # fmt: skip
_DEPARTED = dict.fromkeys(Departed._fields, "text") | {
    "user_id": "bigint", "code": "smallint", "opened_at": "timestamptz",
    "active_at": "timestamptz", "closed_at": "timestamptz", "written": "jsonb", "acked": "jsonb",
    "queued": "integer", "notes": "jsonb",
}  # fmt: skip
# One that was taken for lost with its node, and was not, has ended anew.
_INSERT_DEPARTED = (
    f"INSERT INTO realtime_departure ({', '.join(Departed._fields)}, node) SELECT {{}} "
    "ON CONFLICT (connection_id) DO UPDATE SET code = excluded.code, "
    "active_at = excluded.active_at, closed_at = excluded.closed_at, "
    "written = excluded.written, acked = excluded.acked, queued = excluded.queued, "
    "notes = excluded.notes"
)


_SILENT = msgspec.json.encode([Note(kind="silent")]).decode()


def as_listed(socket: Socket) -> Listed:
    """Return a socket as it is to be listed. Call it on the event loop's thread."""
    state = socket.connection
    assert state.user_id is not None  # only sockets with a login are listed
    return Listed(
        state.id,
        state.user_id,
        state.identity.session if state.identity else "",
        state.device,
        state.device_class,
        socket.peer.address[:64],
        socket.peer.client,
        state.is_active,
        socket.opened_at,
        state.active_at,
    )


def since(moment: float) -> timedelta:
    """Return the age of a monotonic time."""
    return timedelta(seconds=time.monotonic() - moment)


def list_open(node_id: str, sockets: Sequence[Listed], now: datetime) -> None:
    """Insert opened sockets, and renew what their clients say of their persons."""
    at, names = _clock(now), ", ".join(Listed._fields)
    for start in range(0, len(sockets), ROWS):
        rows = [
            (*socket[:-2], at(socket.opened_at), at(socket.active_at))
            for socket in sockets[start : start + ROWS]
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO realtime_connection ({names}, node_id, is_surplus) "
                f"SELECT {names}, %s, %s FROM ({table.given(_LISTED)}) opened "
                "WHERE true ON CONFLICT (id) DO UPDATE SET "  # `WHERE`: else SQLite expects a join
                "is_active = excluded.is_active, active_at = excluded.active_at",
                [node_id, False, table.parameter(rows)],
            )


def list_closed(
    node_id: str, gone: Sequence[str], departed: Sequence[Departed], now: datetime
) -> None:
    """Delete the rows of sockets that have closed, and keep when and how they did."""
    for start in range(0, len(gone), ROWS):
        Connection.objects.filter(pk__in=gone[start : start + ROWS]).delete()
    at, names = _clock(now), ", ".join(Departed._fields)
    for start in range(0, len(departed), ROWS):
        rows = [
            (
                *one[:5], at(one.opened_at), at(one.active_at), at(one.closed_at),
                _json(one.written), _json(one.acked), one.queued, _json(one.notes),
            )
            for one in departed[start : start + ROWS]
        ]  # fmt: skip
        chosen = f"{names}, %s FROM ({table.given(_DEPARTED)}) departed WHERE true"
        with connection.cursor() as cursor:
            cursor.execute(_INSERT_DEPARTED.format(chosen), [node_id, table.parameter(rows)])


def list_delays(node_id: str, delays: Sequence[Delayed], now: datetime) -> None:
    """Keep what has made events late at a node."""
    Delay.objects.bulk_create(
        Delay(node=node_id, **{**one._asdict(), "began_at": began, "ended_at": ended})
        for one in delays
        for began, ended in [(now - since(one.began_at), now - since(one.ended_at))]
    )


def forget(old: QuerySet[Any]) -> None:
    """Delete old rows, the first ones first, in small transactions."""
    oldest = old.order_by("pk").values_list("pk", flat=True)
    while some := list(oldest[:ROWS]):
        old.model._default_manager.filter(pk__in=some).delete()


def forget_nodes(ids: Sequence[str]) -> None:
    """Delete nodes that are gone. What they had listed has closed when they last reported."""
    marks = ", ".join(["%s"] * len(ids))
    chosen = (
        f"socket.id, socket.user_id, socket.device, socket.device_class, {LOST}, "
        "socket.opened_at, "
        "CASE WHEN socket.is_active THEN node.seen_at ELSE socket.active_at END, node.seen_at, "
        f"'{{}}', '{{}}', 0, '{_SILENT}', node.id "
        "FROM realtime_connection socket JOIN realtime_node node ON node.id = socket.node_id "
        f"WHERE node.id IN ({marks})"
    )
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_DEPARTED.format(chosen), list(ids))
    Node.objects.filter(pk__in=ids).delete()


def surplus(node_id: str, users: Sequence[int], most: int) -> list[tuple[str, int]]:
    """Mark the oldest connections of users with more than `most` on all nodes together.

    The node of a new connection counts its user's and marks the surplus; each node closes its
    own. Returns this node's marked connections with their users. A single node needs no
    counting: the hub does it.
    """
    if users and Node.objects.filter(registry.alive()).count() > 1:
        for start in range(0, len(users), USERS):
            _mark_surplus(users[start : start + USERS], most)
    marked = Connection.objects.filter(node_id=node_id, is_surplus=True)
    return list(marked.values_list("pk", "user_id"))


def _mark_surplus(users: Sequence[int], most: int) -> None:
    listed = registry.connections().filter(user_id__in=users)
    newest_first = Window(RowNumber(), "user_id", registry.NEWEST_FIRST)
    crowding = listed.order_by().annotate(number=newest_first).filter(number__gt=most)
    Connection.objects.filter(pk__in=crowding.values("pk")).update(is_surplus=True)


def _clock(now: datetime) -> Callable[[float | None], str | None]:
    """Return what turns a monotonic time into the database's, as its driver takes it."""
    stored, here = connection.ops.adapt_datetimefield_value, time.monotonic()

    def at(moment: float | None) -> str | None:
        if moment is None:
            return None
        return str(stored(now - timedelta(seconds=here - moment)))

    return at


def _json(offsets: object) -> str:
    return msgspec.json.encode(offsets).decode()
