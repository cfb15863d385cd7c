"""The times whose prices the engine has missed, until the source has told them. Pure.

A leader begins with the times up to which its predecessor had judged prices: what came after them
is missed once a first price has come. Times are microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from hoardrun.market.engine.prices import Accepted, Gap


class MissedPrice(NamedTuple):
    """The extremes between two times; without `since`, the price at `until`."""

    high: int
    low: int
    since: int | None
    until: int


@dataclass(frozen=True, slots=True)
class Hole:
    """A time of one instrument whose prices were missed, and when the source is to be asked."""

    instrument_id: int
    source: str
    since: int
    until: int
    due: float = 0.0  # by the monotonic clock
    tries: int = 0


class Missed:
    """The holes of all instruments; one each, as those that come together are one."""

    def __init__(self) -> None:
        self._since: dict[int, int] = {}
        self._holes: dict[int, Hole] = {}

    def __contains__(self, instrument_id: int) -> bool:
        return instrument_id in self._holes or instrument_id in self._since

    def __len__(self) -> int:
        return len(self._holes)

    def begin(self, judged: Mapping[int, int]) -> None:
        """Note up to which time prices of instruments were judged by the leader before."""
        self._since = dict(judged)

    def first(self, item: Accepted) -> None:
        """Take a price as the end of what was missed before, if it is the first one."""
        since = self._since.pop(item.instrument_id, None)
        if since is not None and since < item.at:
            self._open(Hole(item.instrument_id, item.source, since, item.at))

    def gap(self, gap: Gap) -> None:
        """Take in what a source's leader, or the way to here, has lost."""
        if gap.since < gap.until:
            self._open(Hole(gap.instrument_id, gap.source, gap.since, gap.until))

    def due(self, now: float) -> Hole | None:
        """Return a hole whose source is to be asked now; it stays until it is `closed`.

        Of those that are due alike, the one that began first: it may have waited for a leader that
        has died since.
        """
        ready = (hole for hole in self._holes.values() if hole.due <= now)
        return min(ready, key=lambda hole: (hole.due, hole.since), default=None)

    def later(self, hole: Hole, due: float) -> None:
        """Ask for a hole again at a time."""
        if (found := self._holes.get(hole.instrument_id)) is not None:
            self._holes[hole.instrument_id] = replace(found, due=due, tries=hole.tries + 1)

    def closed(self, hole: Hole) -> None:
        """Forget a hole that was told, but for what has been added to it meanwhile."""
        found = self._holes.pop(hole.instrument_id, None)
        if found is None or (found.since, found.until) == (hole.since, hole.until):
            return
        since = hole.until if found.since == hole.since else found.since
        self._holes[hole.instrument_id] = replace(found, since=since, due=0.0, tries=0)

    def instruments(self) -> Iterable[int]:
        """Return the instruments whose prices are not judged completely."""
        return {*self._since, *self._holes}

    def _open(self, hole: Hole) -> None:
        before = self._holes.get(hole.instrument_id)
        if before is not None:
            since, until = min(before.since, hole.since), max(before.until, hole.until)
            hole = replace(before, source=hole.source, since=since, until=until)
        self._holes[hole.instrument_id] = hole
