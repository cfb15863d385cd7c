"""Quiet times: at each edge, on the days when clocks change, and in all zones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from notifications.policy.facts import Window
from notifications.policy.quiet import parse_time, parse_window, quiet_until, zone_of

NIGHT = Window(start=time(22), end=time(7))
STEP = timedelta(minutes=15)
WINDOWS = (
    NIGHT,
    Window(start=time(1, 30), end=time(2, 30)),  # where most clocks change
    Window(start=time(23, 30), end=time(0, 30)),
)


def local(zone: str, text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize("zone", ["Africa/Kampala", "Asia/Kathmandu", "Pacific/Chatham"])
@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-06-10T21:59:59", None),
        ("2026-06-10T22:00", "2026-06-11T07:00"),
        ("2026-06-10T23:59", "2026-06-11T07:00"),
        ("2026-06-11T00:00", "2026-06-11T07:00"),
        ("2026-06-11T06:59:59", "2026-06-11T07:00"),
        ("2026-06-11T07:00", None),
    ],
)
@pytest.mark.reported(number=2)
def test_edges_of_a_window_that_passes_midnight(zone: str, at: str, ends: str | None) -> None:
    expected = None if ends is None else local(zone, ends)
    assert quiet_until([NIGHT], zone, local(zone, at)) == expected


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        # 2026-03-29: 01:00 to 02:00 does not exist.
        ("2026-03-28T21:59+00:00", None),
        ("2026-03-28T22:00+00:00", "2026-03-29T06:00+00:00"),
        ("2026-03-29T05:59+00:00", "2026-03-29T06:00+00:00"),
        ("2026-03-29T06:00+00:00", None),
        # 2026-10-25: 01:00 to 02:00 comes twice.
        ("2026-10-24T20:59+00:00", None),
        ("2026-10-24T21:00+00:00", "2026-10-25T07:00+00:00"),
        ("2026-10-25T06:59+00:00", "2026-10-25T07:00+00:00"),
        ("2026-10-25T07:00+00:00", None),
    ],
)
@pytest.mark.reported(number=2)
def test_night_on_the_days_when_clocks_change(at: str, ends: str | None) -> None:
    expected = None if ends is None else datetime.fromisoformat(ends)
    assert quiet_until([NIGHT], "Europe/London", datetime.fromisoformat(at)) == expected


def test_end_that_does_not_exist_is_when_clocks_go_forward() -> None:
    window = Window(start=time(0), end=time(1, 30))
    found = quiet_until([window], "Europe/London", local("Europe/London", "2026-03-29T00:10"))
    assert found == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_end_that_comes_twice_is_the_second_one() -> None:
    window = Window(start=time(0), end=time(1, 30))
    zone = "Europe/London"
    second = local(zone, "2026-10-25T01:30", fold=1)
    for at in ("2026-10-25T00:30", "2026-10-25T01:29", "2026-10-25T01:45"):
        assert quiet_until([window], zone, local(zone, at)) == second
    assert quiet_until([window], zone, second) is None


def test_window_belongs_to_the_day_on_which_it_starts() -> None:
    friday = Window(start=time(22), end=time(7), days=1 << 4)
    zone = "Africa/Kampala"
    inside = ["2026-06-12T22:00", "2026-06-13T06:59"]
    outside = ["2026-06-12T06:00", "2026-06-13T22:30", "2026-06-11T23:00"]
    assert all(quiet_until([friday], zone, local(zone, at)) for at in inside)
    assert not any(quiet_until([friday], zone, local(zone, at)) for at in outside)


def test_window_of_tomorrow_holds_where_clocks_go_back_over_midnight() -> None:
    zone = "America/St_Johns"  # on 2010-11-07, from 00:01 to 23:01 of the day before
    sunday = Window(start=time(0), end=time(7), days=1 << 6)
    again_saturday = local(zone, "2010-11-06T23:30", fold=1)
    assert quiet_until([sunday], zone, again_saturday) == local(zone, "2010-11-07T07:00")
    assert quiet_until([sunday], zone, local(zone, "2010-11-06T23:30")) is None


def test_windows_without_a_gap_are_one_quiet_time() -> None:
    zone = "Africa/Kampala"
    both = [Window(start=time(12), end=time(0), days=1), Window(start=time(0), end=time(8))]
    found = quiet_until(both, zone, local(zone, "2026-06-08T13:00"))
    assert found == local(zone, "2026-06-09T08:00")


def test_who_is_always_quiet_is_asked_again_after_some_days() -> None:
    whole = [Window(start=time(0), end=time(12)), Window(start=time(12), end=time(0))]
    now = local("Africa/Kampala", "2026-06-08T13:00")
    found = quiet_until(whole, "Africa/Kampala", now)
    assert found is not None
    assert timedelta(days=7) < found - now < timedelta(days=9)


@pytest.mark.parametrize("text", ["7:00", "24:00", "22:60", "22", "", "22:00:00", "２２:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        parse_time(text)


@pytest.mark.parametrize(("days", "end"), [(0, "07:00"), (128, "07:00"), (127, "22:00")])
def test_what_is_no_window_is_refused(days: int, end: str) -> None:
    with pytest.raises(ValueError, match="A quiet time"):
        parse_window(days, "22:00", end)


def test_window_is_read() -> None:
    assert parse_window(127, "22:00", "07:00") == NIGHT


def test_zone_is_the_chosen_one_else_the_countrys_else_the_deployments() -> None:
    assert zone_of("Europe/Paris", "KE", "Africa/Kampala") == "Europe/Paris"
    assert zone_of("", "KE", "Africa/Kampala") == "Africa/Nairobi"
    assert zone_of("Mars/Olympus", "", "Africa/Kampala") == "Africa/Kampala"
    assert zone_of("", "XX", "Africa/Kampala") == "Africa/Kampala"


# All zones. The model knows no rule: it looks at clocks on the wall, every 15 minutes.


def clocks(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield moments, and what clocks on the wall say then."""
    moment = start
    while moment < end:
        yield moment, moment.astimezone(zone).replace(tzinfo=None)
        moment += STEP


def quiet_spans(
    seen: Sequence[tuple[datetime, datetime]], window: Window, days: Sequence[date]
) -> Iterator[tuple[datetime, datetime]]:
    """Yield when a window holds: from when clocks first reach its start until they last show
    less than its end."""
    for day in days:
        last = day + timedelta(days=1) if window.end < window.start else day
        begins = datetime.combine(day, window.start)
        ends = datetime.combine(last, window.end)
        start = next((moment for moment, wall in seen if wall >= begins), None)
        end = next((moment for moment, wall in reversed(seen) if wall < ends), None)
        if start is not None and end is not None and start <= end:
            yield start, end + STEP


def changes(zone: ZoneInfo, days: int) -> list[datetime]:
    """Return the days on which the offset of a zone changes."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [first + timedelta(days=number) for number in range(days)]
    offsets = [moment.astimezone(zone).utcoffset() for moment in moments]
    return [moments[i] for i in range(1, days) if offsets[i] != offsets[i - 1]]


def zones_that_differ() -> dict[str, list[datetime]]:
    """Return one zone of each set whose clocks agree for two years, with when they change."""
    found: dict[object, tuple[str, list[datetime]]] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        offset = datetime(2026, 1, 1, tzinfo=UTC).astimezone(zone).utcoffset()
        moments = changes(zone, 730)
        found.setdefault((offset, *moments), (name, moments))
    return dict(found.values())


def check(name: str, middle: datetime, hours: int, step: timedelta) -> None:
    """Compare what holds around a moment with the model."""
    zone = ZoneInfo(name)
    reach = timedelta(hours=hours)
    seen = list(
        clocks(zone, middle - reach - timedelta(days=2), middle + reach + timedelta(days=2))
    )
    days = sorted({wall.date() for _, wall in seen})[1:-1]
    for window in WINDOWS:
        spans = list(quiet_spans(seen, window, days))
        moment = middle - reach
        while moment < middle + reach:
            expected = next((end for start, end in spans if start <= moment < end), None)
            assert quiet_until([window], name, moment) == expected, (name, window, moment)
            moment += step


@pytest.mark.reported(number=1)
def test_all_zones_where_their_clocks_change() -> None:
    zones = zones_that_differ()
    assert len(zones) > 50
    for name, moments in zones.items():
        for moment in moments[:2] or [datetime(2026, 6, 1, tzinfo=UTC)]:
            check(name, moment - timedelta(hours=12), 16, 2 * STEP)


@pytest.mark.operation
@pytest.mark.reported(number=1)
def test_two_years_in_all_zones() -> None:
    """Each hour of the day within each week: every hour of two years takes four times as long."""
    first = datetime(2026, 1, 15, tzinfo=UTC)
    for name in zones_that_differ():
        for number in range(24):
            check(name, first + timedelta(days=30 * number), 15 * 24, timedelta(hours=7))
