"""The hours of venues as they are stored, read now and then."""

from __future__ import annotations

import time
from dataclasses import fields
from datetime import date, datetime

from django.conf import settings
from django.utils import timezone

from hoardrun.market.hours import Calendar, DayOff, Session
from hoardrun.market.models import Holiday, Instrument, TradingSession
from hoardrun.market.quotes import Listing

KEPT_SECONDS = 10.0  # what staff change holds in every process within this time
_SESSION = [field.name for field in fields(Session)]


class Calendars:
    """Reads the hours of all venues once in KEPT_SECONDS."""

    def __init__(self) -> None:
        self._newest = Calendar({}, {})
        self._until = 0.0

    def newest(self) -> Calendar:
        """Return the hours of all venues, as of at most KEPT_SECONDS ago."""
        now = time.monotonic()
        if now >= self._until:
            self._newest, self._until = read(), now + KEPT_SECONDS
        return self._newest

    def status_of(self, item: Instrument | Listing, moment: datetime | None = None) -> str:
        """Return the state of an instrument's market: as staff have it, or by its venue's hours.

        The simulated market is open around the clock.
        """
        if settings.SIMULATE_MARKET:
            return item.status
        return self.newest().status(item.status, item.venue_code, moment or timezone.now())


def read() -> Calendar:
    """Read the hours of all venues, in two queries."""
    sessions: dict[str, list[Session]] = {}
    for venue, *row in TradingSession.objects.values_list("venue", *_SESSION):
        sessions.setdefault(venue, []).append(Session(*row))
    holidays: dict[str, dict[date, DayOff]] = {}
    for venue, day, *times in Holiday.objects.values_list("venue", "day", "opens", "closes"):
        holidays.setdefault(venue, {})[day] = DayOff(*times)
    return Calendar(sessions, holidays)


calendars = Calendars()
