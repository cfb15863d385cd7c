"""What has made events late at this node since the last report, which stores it.

Rare by nature: a wake-up that was lost, an event loop that stood still.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

FROZEN_SECONDS = 5.0  # that the loop stands still: less is the work of a busy node
MOST_DELAYS = 100  # a report; of more lost wake-ups it says only that there were some


class Delayed(NamedTuple):
    """One delay; its times are monotonic. See `realtime.models.Delay`."""

    kind: str
    stream: str
    first: int
    last: int
    began_at: float
    ended_at: float


class Delays:
    """Gathers what the next report tells."""

    def __init__(self) -> None:
        self._waiting: list[Delayed] = []

    def lost(self, stream: str, first: int, last: int) -> None:
        """Note events that no wake-up told of."""
        now = time.monotonic()
        if len(self._waiting) < MOST_DELAYS:
            self._waiting.append(Delayed("lost", stream, first, last, now, now))
        elif self._waiting[-1].stream or self._waiting[-1].kind != "lost":
            self._waiting.append(Delayed("lost", "", 0, 0, now, now))
        else:
            self._waiting[-1] = self._waiting[-1]._replace(ended_at=now)

    def froze(self, began: float, ended: float) -> None:
        """Note that the event loop stood still."""
        self._waiting.append(Delayed("frozen", "", 0, 0, began, ended))

    def take(self) -> Sequence[Delayed]:
        """Return what has not been told yet."""
        told, self._waiting = self._waiting, []
        return told

    def put_back(self, delays: Sequence[Delayed]) -> None:
        """Tell again what could not be told, the newest of it."""
        self._waiting = [*delays, *self._waiting][-MOST_DELAYS - 1 :]
