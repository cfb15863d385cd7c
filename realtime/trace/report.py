"""The shape of a trace: the same in `manage.py trace --json` and on the admin's pages.

Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from realtime.core.notes import Note
from realtime.trace.fate import What
from realtime.trace.verdict import Code, Reach


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that happened. `source` says whose knowledge it is, such as `log`."""

    at: str
    source: str
    text: str
    data: dict[str, Any] = {}


class Socket(Struct, frozen=True, kw_only=True):
    """A socket of a device, and what became of the event there, if one is asked about."""

    connection_id: str
    node: str
    opened_at: str
    closed_at: str | None
    code: int | None
    written: int | None
    acked: int | None
    queued: int
    notes: tuple[Note, ...]
    what: What | None = None


class Device(Struct, frozen=True, kw_only=True):
    """A device, and what became of the event there. One without a name is a single socket."""

    device: str
    device_class: str
    verdict: Code
    reach: Reach
    text: str
    acked: int | None
    acked_at: str | None
    sockets: tuple[Socket, ...]


class EventTrace(Struct, frozen=True, kw_only=True):
    """What became of one event. Of one that is trimmed away only its place is known.

    `request_id` and `traceparent` are those of the request or command that published it.
    `silent` are nodes that were asked where the user's sockets are, and have not answered.
    """

    stream: str
    offset: int
    epoch: str
    event_id: int | None
    type: str
    filter_type: str
    user_id: int | None
    committed_at: str | None
    is_trimmed: bool
    request_id: str | None
    traceparent: str | None
    reached: int
    verdict: Code
    reach: Reach
    text: str
    devices: tuple[Device, ...]
    silent: tuple[str, ...]
    timeline: tuple[Entry, ...]
    traced_at: str


class Present(Struct, frozen=True, kw_only=True):
    """A device of a user: where it is now in the user's stream."""

    device: str
    device_class: str
    is_open: bool
    offset: int | None
    acked: int | None
    behind: int | None
    text: str
    sockets: tuple[Socket, ...]


class Line(Struct, frozen=True, kw_only=True):
    """One of the user's last events, and what became of it."""

    offset: int
    type: str
    committed_at: str
    verdict: Code
    reach: Reach
    text: str


class UserTrace(Struct, frozen=True, kw_only=True):
    """Where a user is: devices, the last events, and what happened."""

    user_id: int
    stream: str
    epoch: str
    head: int
    floor: int
    is_online: bool
    devices: tuple[Present, ...]
    events: tuple[Line, ...]
    silent: tuple[str, ...]
    timeline: tuple[Entry, ...]
    traced_at: str
