"""What the log holds, as it travels."""

from __future__ import annotations

from typing import NamedTuple

from realtime.protocol.messages import Payload


class StoredEvent(NamedTuple):
    """One event as it travels: what a wake-up carries and a read returns."""

    stream: str
    epoch: str
    offset: int
    type: str
    filter_type: str
    payload: str


class Ephemeral(NamedTuple):
    """A message to rooms that nobody keeps; the newest of a `key` is enough."""

    rooms: tuple[str, ...]
    key: str
    payload: Payload
