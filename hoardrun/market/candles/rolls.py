"""Which longer candles are to be added up, and when. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import tzinfo

from hoardrun.market.candles import spans
from hoardrun.market.candles.holes import OpenHole
from hoardrun.market.candles.spans import PARTS, STORED
from hoardrun.market.candles.values import Drawn

SETTLED = 3_000_000  # microseconds after the end of a span: its last minute has closed
_PARENTS = {part: [each for each in STORED if PARTS.get(each) == part] for part in STORED}


class Rolls:
    """Spans of which a part has closed or changed since they were added up."""

    def __init__(self) -> None:
        self._waiting: dict[int, set[tuple[int, int]]] = defaultdict(set)

    def note(self, changed: Iterable[Drawn], zones: Callable[[int], tzinfo]) -> None:
        """Remember the spans of closed candles that were stored."""
        for drawn in changed:
            if drawn.is_closed:
                for minutes in _PARENTS[drawn.minutes]:
                    bucket = spans.parent_of(minutes, drawn.bucket, zones(drawn.instrument_id))
                    self._waiting[minutes].add((drawn.instrument_id, bucket))

    def due(
        self,
        minutes: int,
        time: Callable[[int], int],
        zones: Callable[[int], tzinfo],
        untried: Iterable[OpenHole],
    ) -> set[tuple[int, int]]:
        """Return the instruments and buckets of an interval that have ended.

        A span waits while it has one of the holes `untried`. `time` is that at the source.
        """
        by_instrument: dict[int, list[OpenHole]] = defaultdict(list)
        for hole in untried:
            by_instrument[hole.instrument_id].append(hole)
        found = set()
        for instrument_id, bucket in self._waiting[minutes]:
            zone = zones(instrument_id)
            end = spans.end_of(minutes, bucket, zone)
            if end + SETTLED > time(instrument_id):
                continue
            begin = spans.begin_of(minutes, bucket, zone)
            if not any(hole.overlaps(begin, end) for hole in by_instrument[instrument_id]):
                found.add((instrument_id, bucket))
        return found

    def done(self, minutes: int, buckets: Iterable[tuple[int, int]]) -> None:
        self._waiting[minutes].difference_update(buckets)
