from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from hoardrun.market.hours import Calendar, DayOff, Session, state_at

LONG_AGO = date(2020, 1, 1)


def sessions(zone: str, *hours: tuple[str, str], valid_from: date = LONG_AGO) -> list[Session]:
    """Return the same hours for Monday to Friday."""
    found = []
    for kind, text in hours:
        opens, closes = map(time.fromisoformat, text.split("-"))
        found += [Session(weekday, kind, opens, closes, zone, valid_from) for weekday in range(5)]
    return found


NAIROBI = sessions("Africa/Nairobi", ("regular", "09:00-15:00"))
NEW_YORK = sessions(
    "America/New_York",
    ("pre_market", "04:00-09:30"),
    ("regular", "09:30-16:00"),
    ("after_hours", "16:00-20:00"),
)
FOREX = [
    Session(6, "regular", time(22), time(0), "UTC", LONG_AGO),
    *(Session(day, "regular", time(0), time(0), "UTC", LONG_AGO) for day in range(4)),
    Session(4, "regular", time(0), time(22), "UTC", LONG_AGO),
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-03-18 05:59:59.999999", "closed"),  # a Wednesday; Nairobi is three hours ahead
        ("2026-03-18 06:00", "open"),
        ("2026-03-18 11:59:59", "open"),
        ("2026-03-18 12:00", "closed"),
        ("2026-03-21 08:00", "closed"),  # Saturday
    ],
)
def test_a_venue_trades_from_its_first_minute_to_before_its_last(moment: str, state: str):
    assert state_at(NAIROBI, {}, at(moment)) == state


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-03-06 14:30", "open"),  # winter: New York is five hours behind
        ("2026-03-06 14:29", "pre_market"),
        ("2026-03-09 13:30", "open"),  # two days after clocks went forward: four hours
        ("2026-03-09 13:29", "pre_market"),
        ("2026-03-09 20:00", "after_hours"),
        ("2026-03-10 00:00", "closed"),  # eight in the evening there
        ("2026-03-09 07:59", "closed"),
    ],
)
def test_hours_are_those_of_its_place_in_summer_and_winter(moment: str, state: str):
    assert state_at(NEW_YORK, {}, at(moment)) == state


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-03-15 21:59", "closed"),  # Sunday
        ("2026-03-15 22:00", "open"),
        ("2026-03-15 23:59:59.999", "open"),
        ("2026-03-16 00:00", "open"),
        ("2026-03-18 23:59:59", "open"),
        ("2026-03-20 21:59", "open"),  # Friday
        ("2026-03-20 22:00", "closed"),
        ("2026-03-21 12:00", "closed"),
    ],
)
def test_a_session_may_last_over_midnight_in_two_parts(moment: str, state: str):
    assert state_at(FOREX, {}, at(moment)) == state


def test_a_holiday_is_one_in_the_venues_own_day():
    holidays = {date(2026, 12, 25): DayOff()}
    assert state_at(NEW_YORK, holidays, at("2026-12-25 15:00")) == "holiday"
    assert state_at(NEW_YORK, holidays, at("2026-12-26 04:59")) == "holiday"  # still the 25th
    assert state_at(NEW_YORK, holidays, at("2026-12-25 04:59")) == "closed"  # still the 24th


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-12-24 14:29", "closed"),  # without what comes before and after
        ("2026-12-24 14:30", "open"),
        ("2026-12-24 17:59", "open"),
        ("2026-12-24 18:00", "closed"),
    ],
)
def test_a_short_day_has_its_own_hours(moment: str, state: str):
    holidays = {date(2026, 12, 24): DayOff(time(9, 30), time(13))}
    assert state_at(NEW_YORK, holidays, at(moment)) == state


def test_new_hours_hold_from_their_first_day():
    longer = sessions("Africa/Nairobi", ("regular", "08:00-17:00"), valid_from=date(2026, 4, 1))
    both = [*NAIROBI, *longer]
    assert state_at(both, {}, at("2026-03-31 05:30")) == "closed"
    assert state_at(both, {}, at("2026-04-01 05:30")) == "open"
    assert state_at(longer, {}, at("2026-03-31 05:30")) == "open"  # nothing is known of that day


def test_a_break_at_noon_is_closed():
    both = sessions("Africa/Kampala", ("regular", "09:00-12:00"), ("regular", "13:00-15:00"))
    states = [state_at(both, {}, at(f"2026-03-18 {hour:02}:30")) for hour in range(5, 14)]
    assert states == ["closed", *["open"] * 3, "closed", *["open"] * 2, "closed", "closed"]


def test_a_venue_of_which_nothing_is_known_is_open():
    calendar = Calendar({"XNAI": NAIROBI}, {"XNAI": {}})
    sunday = at("2026-03-22 08:00")
    assert calendar.state_of("", sunday) == calendar.state_of("XLON", sunday) == "open"
    assert calendar.state_of("XNAI", sunday) == "closed"


def test_what_staff_say_comes_first_unless_it_is_open():
    calendar = Calendar({"XNAI": NAIROBI}, {})
    sunday, monday = at("2026-03-22 08:00"), at("2026-03-23 08:00")
    assert calendar.status("halted", "XNAI", monday) == "halted"
    assert calendar.status("halted", "XNAI", sunday) == "halted"
    assert calendar.status("open", "XNAI", monday) == "open"
    assert calendar.status("open", "XNAI", sunday) == "closed"


def test_every_minute_of_a_week_has_one_state():
    states = [
        state_at(NEW_YORK, {}, at("2026-03-16") + timedelta(minutes=minute))
        for minute in range(7 * 24 * 60)
    ]
    assert {state: states.count(state) for state in set(states)} == {
        "pre_market": 5 * 330,
        "open": 5 * 390,
        "after_hours": 5 * 240,
        "closed": 7 * 1440 - 5 * 960,
    }
