"""Events as they travel between the log, the layer and the hub."""

from __future__ import annotations

from typing import Any, NamedTuple

from realtime.protocol.messages import Payload


class StoredEvent(NamedTuple):
    """One event of the log, in a wake-up or a page."""

    stream: str
    epoch: str
    offset: int
    type: str
    filter_type: str
    payload: str


class Beside(NamedTuple):
    """A row of an app that is inserted beside an event, and keeps where that is.

    `sql` is an `INSERT … SELECT … FROM event`. There, `event` is one row: `place` (the offset),
    `epoch` and `moment`, the database's time. It costs no round trip of its own where the event
    takes one statement.
    """

    sql: str
    parameters: tuple[Any, ...]


class Ephemeral(NamedTuple):
    """A message to rooms that is not stored; only the newest of a `key` matters."""

    rooms: tuple[str, ...]
    key: str
    payload: Payload
