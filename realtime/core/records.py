"""Events as they travel between the log, the layer and the hub."""

from __future__ import annotations

from typing import NamedTuple

from realtime.protocol.messages import Payload


class StoredEvent(NamedTuple):
    """One event of the log, in a wake-up or a page."""

    stream: str
    epoch: str
    offset: int
    type: str
    filter_type: str
    payload: str


class Ephemeral(NamedTuple):
    """A message to rooms that is not stored; only the newest of a `key` matters."""

    rooms: tuple[str, ...]
    key: str
    payload: Payload
