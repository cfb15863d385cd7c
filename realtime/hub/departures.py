"""The sockets that have closed since the last report. The cluster reporter stores them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from realtime.core.notes import Note
from realtime.hub.socket import Socket

MAX_WAITING = 100_000  # while the database is away: the oldest are forgotten


class Departed(NamedTuple):
    """A socket that has closed. Its times are monotonic.

    `written` and `acked` map streams to the last offset that it was sent, and that it acknowledged;
    `queued` is how many bytes of that had not left yet.
    """

    connection_id: str
    user_id: int
    device: str
    device_class: str
    code: int
    opened_at: float
    active_at: float | None
    closed_at: float
    written: Mapping[str, int]
    acked: Mapping[str, int]
    queued: int
    notes: Sequence[Note]


class Departures:
    """What the next report tells. Sockets that were never greeted are nobody's."""

    def __init__(self) -> None:
        self._waiting: deque[Departed] = deque(maxlen=MAX_WAITING)

    def add(self, socket: Socket, code: int) -> None:
        """Note the end of a socket, and up to where it was sent each stream."""
        state = socket.connection
        if not socket.is_greeted or state.user_id is None:
            return
        now = time.monotonic()
        self._waiting.append(
            Departed(
                state.id,
                state.user_id,
                state.device,
                state.device_class,
                code,
                socket.opened_at,
                now if state.is_active else state.active_at,
                now,
                {name: place.offset for name, place in state.places.items()},
                state.acked or {},
                socket.size or socket.unwritten,
                state.told(now),
            )
        )

    def take(self) -> Sequence[Departed]:
        """Return what has not been told yet."""
        told, self._waiting = self._waiting, deque(maxlen=MAX_WAITING)
        return tuple(told)

    def put_back(self, departed: Sequence[Departed]) -> None:
        """Tell again what could not be told, as far as there is room: the newest of it."""
        room = MAX_WAITING - len(self._waiting)
        self._waiting.extendleft(reversed(departed[max(0, len(departed) - room) :]))
