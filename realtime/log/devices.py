"""Read the devices of many users in one query: cursors, open sockets, and those that closed.

`realtime.reach` offers it to other apps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from realtime import clock
from realtime.core.devices import SERVICE, SERVICE_PREFIX, DeviceReach, UserReach
from realtime.registry import ALIVE_WITHIN
from realtime.sql import table

_COLUMNS = {"user_id": "bigint", "stream": "text", "since": "timestamptz"}
_NOW, _CURSOR, _SOCKET, _SEEN = range(4)  # the kinds of rows


@dataclass(slots=True)
class _Device:
    """A device, as it gathers from the rows of its cursor and its sockets."""

    classes: set[str] = field(default_factory=set)
    last_class: str = ""  # as its last login said, which counts while no socket is listed
    epoch: str = ""
    acked: int = -1
    acked_at: datetime | None = None
    is_open: bool = False
    is_active: bool = False
    active_at: datetime | None = None
    seen_at: datetime | None = None  # when it was last connected, or its cursor touched

    def add_socket(
        self, device_class: str, is_open: bool, is_active: bool, active_at: datetime | None
    ) -> None:
        self.classes.add(device_class)
        self.is_open |= is_open
        self.is_active |= is_open and is_active
        self.active_at = _latest(self.active_at, active_at)

    def as_reach(self, name: str) -> DeviceReach:
        # Sockets without a name share one cursor: what they do not agree on is not known.
        found = self.classes or {self.last_class}
        device_class = found.pop() if len(found) == 1 else ""
        return DeviceReach(
            name,
            device_class,
            self.epoch,
            self.acked,
            self.acked_at,
            self.is_open,
            self.is_active,
            self.active_at,
        )


def read_devices(asked: Sequence[tuple[int, str, datetime]]) -> dict[int, UserReach]:
    """Return the devices of users by `(user, stream, since)`: one query for all of them.

    A socket that is active counts as such until its node last reported. So does, as closed, one
    of a node that is silent.
    """
    if not asked:
        return {}
    stored = connection.ops.adapt_datetimefield_value
    rows = [(user_id, stream, str(stored(since))) for user_id, stream, since in asked]
    with connection.cursor() as cursor:
        cursor.execute(_sql(), [table.parameter(rows)])
        return _gather(cursor.fetchall())


def _sql() -> str:
    """Write the statement. Its first two parts give the NULLs of the others their types."""
    alive_from = clock.now_sql(ago=ALIVE_WITHIN)
    return (
        f"WITH wanted AS ({table.given(_COLUMNS)}) "
        f"SELECT {_NOW}, 0, '', '', '', -1, {clock.now_sql()}, false, false, NULL "
        "UNION ALL "
        f"SELECT {_SOCKET}, wanted.user_id, socket.device, socket.device_class, '', -1, "
        f"node.seen_at, node.seen_at >= {alive_from}, socket.is_active, "
        "CASE WHEN socket.is_active THEN node.seen_at ELSE socket.active_at END "
        "FROM wanted JOIN realtime_connection socket ON socket.user_id = wanted.user_id "
        "JOIN realtime_node node ON node.id = socket.node_id "
        "UNION ALL "
        f"SELECT {_SOCKET}, wanted.user_id, gone.device, gone.device_class, '', -1, "
        "gone.closed_at, false, false, gone.active_at "
        "FROM wanted JOIN realtime_departure gone ON gone.user_id = wanted.user_id "
        "AND gone.closed_at >= wanted.since "
        "UNION ALL "
        f"SELECT {_CURSOR}, wanted.user_id, place.device, place.device_class, place.epoch, "
        "place.acked, "
        "place.updated_at, false, false, NULL "
        "FROM wanted JOIN realtime_stream stream ON stream.name = wanted.stream "
        "JOIN realtime_cursor place ON place.user_id = wanted.user_id "
        "AND place.stream_id = stream.id "
        "UNION ALL "
        f"SELECT {_SEEN}, wanted.user_id, '', '', '', -1, "
        "(SELECT max(gone.closed_at) FROM realtime_departure gone "
        f"WHERE gone.user_id = wanted.user_id AND gone.device_class <> '{SERVICE}' "
        f"AND gone.device NOT LIKE '{SERVICE_PREFIX}%%'), false, false, NULL "
        "FROM wanted"
    )


def _gather(rows: Sequence[tuple[Any, ...]]) -> dict[int, UserReach]:
    """Make devices of the rows: one has the time, and each user has one of the kind _SEEN."""
    devices: dict[int, dict[str, _Device]] = {}
    seen: dict[int, datetime | None] = {}
    moments = []
    for kind, user_id, name, device_class, epoch, acked, at, is_open, is_active, active in rows:
        seen_at = None if at is None else clock.moment_of(at)
        if kind == _NOW:
            moments.append(clock.moment_of(at))
            continue
        if kind == _SEEN:
            seen[user_id] = seen_at
            continue
        device = devices.setdefault(user_id, {}).setdefault(name, _Device())
        device.seen_at = _latest(device.seen_at, seen_at)
        if kind == _CURSOR:
            device.epoch, device.acked, device.acked_at = epoch, acked, seen_at
            device.last_class = device_class
        else:
            active_at = None if active is None else clock.moment_of(active)
            device.add_socket(device_class, bool(is_open), bool(is_active), active_at)
    [moment] = moments
    return {
        user_id: _user(moment, seen_at, devices.get(user_id, {}))
        for user_id, seen_at in seen.items()
    }


def _user(moment: datetime, seen_at: datetime | None, found: Mapping[str, _Device]) -> UserReach:
    devices = []
    for name, device in found.items():
        devices.append(device.as_reach(name))
        if devices[-1].has_person:
            seen_at = _latest(seen_at, device.seen_at)
    return UserReach(moment, tuple(devices), seen_at)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)
