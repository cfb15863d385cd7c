from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from hoardrun.market.calendars import KEPT_SECONDS, Calendars, read
from hoardrun.market.models import Holiday, TradingSession
from tests.hoardrun.market.test_simulator import LISTINGS

WEDNESDAY = datetime(2026, 3, 18, 8, tzinfo=UTC)
SCOM = replace(next(item for item in LISTINGS if item.symbol == "SCOM"), venue_code="XNAI")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nairobi(settings: Any) -> None:
    """Hours of one venue on Wednesdays, and no others."""
    settings.SIMULATE_MARKET = False
    TradingSession.objects.all().delete()
    Holiday.objects.all().delete()
    TradingSession.objects.create(
        venue="XNAI",
        weekday=2,
        opens=time(9),
        closes=time(15),
        timezone="Africa/Nairobi",
        valid_from=date(2026, 1, 1),
    )


def test_an_instrument_is_open_in_the_hours_of_its_venue():
    calendars = Calendars()
    assert calendars.status_of(SCOM, WEDNESDAY) == "open"
    assert calendars.status_of(SCOM, WEDNESDAY.replace(hour=13)) == "closed"
    assert calendars.status_of(replace(SCOM, status="halted"), WEDNESDAY) == "halted"


def test_holidays_and_short_days_are_read():
    Holiday.objects.create(venue="XNAI", day=WEDNESDAY.date(), name="A day off")
    assert Calendars().status_of(SCOM, WEDNESDAY) == "holiday"
    Holiday.objects.update(opens=time(9), closes=time(10))
    assert Calendars().status_of(SCOM, WEDNESDAY) == "closed"


def test_the_simulated_market_is_always_open(settings: Any):
    settings.SIMULATE_MARKET = True
    assert Calendars().status_of(SCOM, WEDNESDAY.replace(hour=23)) == "open"


def test_the_tables_are_read_now_and_then(django_assert_num_queries: Any, monkeypatch: Any):
    calendars = Calendars()
    with django_assert_num_queries(2):
        for _ in range(100):
            calendars.newest()
    Holiday.objects.create(venue="XNAI", day=WEDNESDAY.date(), name="A day off")
    monkeypatch.setattr(calendars, "_until", calendars._until - KEPT_SECONDS)
    assert calendars.status_of(SCOM, WEDNESDAY) == "holiday"
    assert calendars.newest() == read()
