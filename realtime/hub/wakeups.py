"""Wake-ups that do not come: events that were found in the log, and that no wake-up names.

`realtime.hub.streams` says what it finds and what wakes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from realtime.hub.followed import FollowedStream
from realtime.meters import meters

WAKEUP_SECONDS = 1.0  # a wake-up that comes later than the log tells is no longer under way


OnLost = Callable[[str, int, int], None]  # a stream, and the first and the last of its events


@dataclass(slots=True)
class _Found:
    """Events that were found without a wake-up, and those of which one came since."""

    first: int
    last: int
    by_reconcile: bool
    under_way: set[int] = field(default_factory=set)


class MissingWakeups:
    """Counts the wake-ups that do not come within WAKEUP_SECONDS.

    `on_lost(stream, first, last)` is told of them, once for each run of events.
    """

    def __init__(self, on_lost: OnLost) -> None:
        self.by_stream: dict[str, _Found] = {}
        self._on_lost = on_lost

    def expect(self, followed: FollowedStream, last: int, *, by_reconcile: bool) -> None:
        """Note events up to `last` that no wake-up has named yet; it may still be under way."""
        first = max(followed.place.offset, followed.woken) + 1
        if first <= last and followed.name not in self.by_stream:
            later = asyncio.get_running_loop().call_later
            later(WAKEUP_SECONDS, self._count, followed.name)
            self.by_stream[followed.name] = _Found(first, last, by_reconcile)

    def came(self, name: str, offset: int) -> None:
        """Note a wake-up, which may name an event that was found before."""
        found = self.by_stream.get(name)
        if found is not None and found.first <= offset <= found.last:
            found.under_way.add(offset)

    def _count(self, name: str) -> None:
        found = self.by_stream.pop(name)
        lost = found.last - found.first + 1 - len(found.under_way)
        if lost > 0 and found.by_reconcile:
            meters.events_found_by_reconcile += lost
        first = found.first
        for offset in [*sorted(found.under_way), found.last + 1]:
            if first < offset:
                self._on_lost(name, first, offset - 1)
            first = offset + 1
