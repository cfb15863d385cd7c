"""The times for which candles are missing: what is known of them, and what is asked next."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from hoardrun.market.candles.builder import Hole
from hoardrun.market.candles.spans import microseconds, moment
from hoardrun.market.lease import Held, fenced
from hoardrun.market.models import CandleHole
from hoardrun.market.models.sources import MAX_REASON
from realtime import clock

FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 5.0, 3600.0  # between two tries


@dataclass(slots=True)
class OpenHole:
    """A row of `CandleHole`, times in microseconds; `due_at` by this process's monotonic clock."""

    id: int
    instrument_id: int
    minutes: int
    since: int
    until: int
    tries: int
    is_left: bool
    due_at: float

    def overlaps(self, since: int, until: int) -> bool:
        return self.since < until and since < self.until


def merged(holes: Iterable[Hole]) -> list[Hole]:
    """Join holes of an instrument that touch. Pure."""
    found: list[Hole] = []
    for hole in sorted(holes):
        last = found[-1] if found else None
        if last and last.instrument_id == hole.instrument_id and hole.since <= last.until:
            found[-1] = last._replace(until=max(last.until, hole.until))
        else:
            found.append(hole)
    return found


def hole_list() -> list[OpenHole]:
    """Return all holes, also those that are left."""
    found, now, monotonic = list(CandleHole.objects.order_by("pk")), clock.now(), time.monotonic()
    return [_open(row, monotonic + (row.next_at - now).total_seconds()) for row in found]


def holes_add(
    *, held: Held, holes: Sequence[Hole], minutes: int = 1, is_left: bool = False, reason: str = ""
) -> list[OpenHole]:
    """Store holes, due at once, joined with those that they touch; return all as they are now."""
    with fenced(held):
        known = CandleHole.objects.filter(
            minutes=minutes,
            is_left=is_left,
            instrument_id__in={hole.instrument_id for hole in holes},
        )
        rows = list(known)
        old = [
            Hole(row.instrument_id, microseconds(row.since), microseconds(row.until))
            for row in rows
        ]
        wanted = merged([*old, *holes])
        for row, hole in zip(rows, old, strict=True):
            if hole not in wanted:
                row.delete()
        now = clock.now()
        CandleHole.objects.bulk_create(
            CandleHole(
                instrument_id=hole.instrument_id,
                minutes=minutes,
                since=moment(hole.since),
                until=moment(hole.until),
                next_at=now,
                is_left=is_left,
                reason=reason,
            )
            for hole in wanted
            if hole not in old
        )
    return hole_list()


def hole_shrink(*, held: Held, hole: OpenHole, since: int) -> None:
    """Note that a hole is filled up to a time: the rest, if any, was not asked for yet."""
    with fenced(held):
        row = CandleHole.objects.filter(pk=hole.id)
        if since >= hole.until:
            row.delete()
        else:
            row.update(since=moment(since), next_at=clock.now(), tries=0, reason="")


def hole_fail(*, held: Held, hole: OpenHole, retry_seconds: float, reason: str) -> None:
    """Note that a try has failed; the next one comes later each time."""
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(hole.tries, 12), MAX_PAUSE_SECONDS)
    with fenced(held):
        CandleHole.objects.filter(pk=hole.id).update(
            tries=min(hole.tries + 1, 30_000),
            next_at=clock.now() + timedelta(seconds=max(pause, retry_seconds)),
            reason=reason[:MAX_REASON],
        )


def _open(row: CandleHole, due_at: float) -> OpenHole:
    return OpenHole(
        row.pk,
        row.instrument_id,
        row.minutes,
        microseconds(row.since),
        microseconds(row.until),
        row.tries,
        row.is_left,
        due_at,
    )
