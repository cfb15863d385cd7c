"""Compute whether a venue trades at a moment, by its sessions and holidays. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

OPEN, CLOSED, HOLIDAY = "open", "closed", "holiday"
TRADING = frozenset({OPEN, "pre_market", "after_hours"})
_END_OF_DAY = time(0)
_STATES = {"regular": OPEN, "pre_market": "pre_market", "after_hours": "after_hours"}


@dataclass(frozen=True, slots=True)
class Session:
    """A part of a weekday (Monday is 0) in which a venue trades, in its time zone.

    `closes` at 00:00 is the end of the day.
    """

    weekday: int
    kind: str
    opens: time
    closes: time
    timezone: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class DayOff:
    """A holiday; or a short day, if it has times."""

    opens: time | None = None
    closes: time | None = None


def state_at(sessions: Sequence[Session], holidays: Mapping[date, DayOff], moment: datetime) -> str:
    """Say in which state a venue is: open, pre_market, after_hours, closed or holiday.

    Of a weekday's sessions those with the newest `valid_from` that has come hold. A venue without
    any is always open. `moment` has a time zone.
    """
    local = _local(sessions, moment)
    if local is None:
        return OPEN
    day, now = local.date(), local.time()
    off = holidays.get(day)
    if off is not None:
        if off.opens is None or off.closes is None:
            return HOLIDAY
        return OPEN if off.opens <= now < off.closes else CLOSED
    today = [each for each in _begun(sessions, day) if each.weekday == day.weekday()]
    newest = max((each.valid_from for each in today), default=day)
    for each in today:
        is_over = each.closes != _END_OF_DAY and now >= each.closes
        if each.valid_from == newest and each.opens <= now and not is_over:
            return _STATES[each.kind]
    return CLOSED


def _local(sessions: Sequence[Session], moment: datetime) -> datetime | None:
    """Return a moment in the time zone that holds; None if no session holds yet."""
    begun = _begun(sessions, moment.date())
    if not begun:
        return None
    newest = max(begun, key=lambda each: each.valid_from)
    return moment.astimezone(ZoneInfo(newest.timezone))


def _begun(sessions: Sequence[Session], day: date) -> list[Session]:
    return [each for each in sessions if each.valid_from <= day]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hours of all venues, by their codes."""

    sessions: Mapping[str, Sequence[Session]]
    holidays: Mapping[str, Mapping[date, DayOff]]

    def state_of(self, venue_code: str, moment: datetime) -> str:
        """Say in which state a venue is; without a code, or with one that is not known: open."""
        sessions = self.sessions.get(venue_code, ())
        return state_at(sessions, self.holidays.get(venue_code, {}), moment)

    def status(self, given: str, venue_code: str, moment: datetime) -> str:
        """Say in which state an instrument's market is: as staff have it, unless that is open."""
        return given if given != OPEN else self.state_of(venue_code, moment)
