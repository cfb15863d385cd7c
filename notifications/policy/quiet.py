"""Quiet times in the user's own zone, on the days when clocks change too. Pure.

Windows are stored as local times and are never converted: only the moment that is asked about is.
Where the end of a window does not exist on a day, because clocks go forward over it, the window
ends when they do; where it comes twice, the window ends the second time, so that nobody is woken
early.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

from notifications.policy.facts import EVERY_DAY, Window

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DAY = timedelta(days=1)
# Windows without a gap leave no moment: the rung is judged again after a while.
_LONGEST = timedelta(days=8)


def parse_time(text: str) -> time:
    """Read a local time, `HH:MM`. Raises ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r:.20} is no time such as 22:00.")
    return time.fromisoformat(text)


def parse_window(days: int, start: str, end: str) -> Window:
    """Read a window as rows and requests have it. Raises ValueError for one that is none."""
    window = Window(start=parse_time(start), end=parse_time(end), days=days)
    if window.start == window.end:
        raise ValueError("A quiet time must not end when it starts.")
    if not 1 <= days <= EVERY_DAY:
        raise ValueError("A quiet time needs a day: 1 to 127, where bit 0 is Monday.")
    return window


def zone_of(zone: str, country: str, default: str) -> str:
    """Return the zone to reckon in: the chosen one, else that of the country, else the default."""
    return next((each for each in (zone, _zones().get(country, "")) if _exists(each)), default)


def quiet_until(windows: Sequence[Window], zone: str, now: datetime) -> datetime | None:
    """Return when the quiet time that holds now ends, in UTC; None if none holds.

    Windows that follow each other without a gap are one quiet time.
    """
    if not windows:
        return None
    place = ZoneInfo(zone)
    start = until = now.astimezone(UTC)
    while until - start < _LONGEST:
        ends = [end for window in windows if (end := _end(window, place, until)) is not None]
        if not ends:
            break
        until = max(ends)
    return until if until > start else None


def _end(window: Window, place: ZoneInfo, now: datetime) -> datetime | None:
    """Return when a window that holds now ends.

    It may have started yesterday; or tomorrow, where clocks go back over midnight.
    """
    today = now.astimezone(place).date()
    for day in (today - _DAY, today, today + _DAY):
        if window.days >> day.weekday() & 1:
            last = day + _DAY if window.end < window.start else day
            end = _moment(last, window.end, place, fold=1)
            if _moment(day, window.start, place, fold=0) <= now < end:
                return end
    return None


def _moment(day: date, wall: time, place: ZoneInfo, fold: int) -> datetime:
    """Return a local time as a moment; of two the first or the second, as `fold` says.

    Of one that clocks go forward over, return when they do.
    """
    local = datetime.combine(day, wall, place).replace(fold=fold)
    moment = local.astimezone(UTC)
    if moment.astimezone(place).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    early, late = sorted(local.replace(fold=side).astimezone(UTC) for side in (0, 1))
    before = early.astimezone(place).utcoffset()
    while late - early > timedelta(seconds=1):  # clocks change between these two
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(place).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


@cache
def _exists(zone: str) -> bool:
    return zone in available_timezones()


@cache
def _zones() -> Mapping[str, str]:
    """Return a zone for each country: the first that the database of zones lists."""
    lines = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in reversed(lines) if not line.startswith("#"))
    return {row[0]: row[2] for row in rows}
