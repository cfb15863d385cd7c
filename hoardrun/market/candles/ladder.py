"""The running candles of all intervals of one instrument, added up in memory. Pure.

Called by `consumer`. A rung holds what has closed of the span that runs; the running minute comes
on top of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, tzinfo

from hoardrun.market.candles.spans import DAY_MINUTES, INTERVALS, bucket_of
from hoardrun.market.candles.values import Drawn, roll_up

LONGER = tuple(minutes for minutes in INTERVALS.values() if minutes > 1)


class Ladder:
    """What has closed of each running span, by its interval."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._rungs: dict[int, Drawn] = {}
        self._last = -1  # the last minute that was added

    def load(self, minutes: Iterable[Drawn], hours: Iterable[Drawn], days: Iterable[Drawn]) -> None:
        """Begin anew from closed candles, each ascending; hours and days that are added up later
        are made of their minutes and hours here, if these are given.
        """
        minutes, hours, days = list(minutes), list(hours), list(days)
        self._rungs.clear()
        self._last = minutes[-1].bucket if minutes else -1
        known = {each.bucket for each in hours}
        since_hours = [each for each in minutes if bucket_of(60, each.bucket) not in known]
        known = {each.bucket for each in days}
        parts = sorted([*hours, *since_hours], key=lambda each: each.bucket)
        since_days = [each for each in parts if self._bucket(DAY_MINUTES, each) not in known]
        for interval in LONGER:
            if interval <= 60:
                self._fill(interval, minutes)
            elif interval <= DAY_MINUTES:
                self._fill(interval, parts)
            else:
                self._fill(interval, [*days, *since_days])

    def close(self, minute: Drawn) -> bool:
        """Add a minute that has closed; False: it is no newer than the last one, so load anew."""
        if minute.bucket <= self._last:
            return False
        self._last = minute.bucket
        for interval in LONGER:
            self._add(interval, minute)
        return True

    def running(self, minute: Drawn) -> list[Drawn]:
        """Return the running candles of the longer intervals, with a minute that runs."""
        found = []
        for interval in LONGER:
            bucket = self._bucket(interval, minute)
            rung = self._rungs.get(interval)
            is_same = rung is not None and rung.bucket == bucket
            parts = [rung, minute] if rung is not None and is_same else [minute]
            found.append(roll_up(interval, bucket, parts, is_closed=False))
        return found

    def _fill(self, interval: int, parts: list[Drawn]) -> None:
        for part in parts:
            self._add(interval, part)

    def _add(self, interval: int, part: Drawn) -> None:
        bucket = self._bucket(interval, part)
        rung = self._rungs.get(interval)
        if rung is None or rung.bucket < bucket:
            self._rungs[interval] = roll_up(interval, bucket, [part], is_closed=False)
        elif rung.bucket == bucket:
            self._rungs[interval] = roll_up(interval, bucket, [rung, part], is_closed=False)

    def _bucket(self, interval: int, part: Drawn) -> int:
        # The bucket of a day is a date, in no time zone.
        zone = UTC if part.minutes >= DAY_MINUTES else self._zone
        return bucket_of(interval, part.bucket, zone)
