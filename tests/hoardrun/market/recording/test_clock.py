"""A replay's time goes with its speed, and is rebased by whole minutes."""

from __future__ import annotations

import pytest

from hoardrun.market.recording.clock import MINUTE, SECOND, Clock, microseconds, shifted, written

BEGAN = microseconds("2026-11-30T13:00:30Z")


class Watch:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def clock(watch: Watch, *, speed: float = 1.0, begin: int = 0, is_fast: bool = False) -> Clock:
    return Clock(began=BEGAN, speed=speed, begin=begin, is_fast=is_fast, monotonic=watch)


def test_it_stands_until_it_is_started_and_goes_with_its_speed() -> None:
    watch = Watch()
    played = clock(watch, speed=10, begin=5 * SECOND)
    watch.now += 7
    assert played.position == 5 * SECOND
    played.start()
    watch.now += 2
    assert played.position == 25 * SECOND
    assert played.moment == BEGAN + 25 * SECOND
    assert played.seconds_until(35 * SECOND) == 1.0
    assert played.seconds_until(15 * SECOND) == -1.0


def test_rebased_the_venue_has_the_time_of_now_and_minutes_stay_minutes() -> None:
    played = clock(Watch(), begin=600 * SECOND)
    now = microseconds("2027-03-02T08:10:59.250000Z")
    played.rebase(now)
    assert played.moment == now
    assert played.shift % MINUTE == 0
    assert 600 * SECOND <= played.position < 660 * SECOND


def test_rebased_twice_it_is_rebased_from_the_recording() -> None:
    played = clock(Watch())
    played.rebase(BEGAN + 50 * SECOND)
    played.rebase(BEGAN + 110 * SECOND)
    assert (played.shift, played.position) == (MINUTE, 50 * SECOND)


def test_into_the_past_it_is_rebased_just_as_well() -> None:
    played = clock(Watch())
    played.rebase(BEGAN - 90 * SECOND)
    assert (played.shift, played.position) == (-2 * MINUTE, 30 * SECOND)


def test_a_fast_one_goes_where_it_is_moved_and_never_back() -> None:
    watch = Watch()
    played = clock(watch, is_fast=True)
    played.start()
    watch.now += 9
    assert played.seconds_until(10**9) == 0
    played.reach(40)
    played.reach(30)
    assert played.position == 40


def test_a_shift_changes_dates_with_times_and_nothing_else() -> None:
    frame = (
        '{"last":0.99980,"day":"2026-11-30","at":"2026-11-30T23:59:59.114514810Z",'
        '"current_time":"2026-11-30 23:58:01+00:00","id":16174536464690282295}'
    )
    assert shifted(frame, 2 * MINUTE) == (
        '{"last":0.99980,"day":"2026-11-30","at":"2026-12-01T00:01:59.114514810Z",'
        '"current_time":"2026-12-01 00:00:01+00:00","id":16174536464690282295}'
    )
    assert shifted(frame, 0) is frame


@pytest.mark.parametrize(
    ("text", "decimals", "canonical"),
    [
        ("2026-11-30T13:00:30Z", 0, "2026-11-30T13:00:30Z"),
        ("2026-11-30T13:00:30.5Z", 6, "2026-11-30T13:00:30.500000Z"),
        ("2026-11-30T13:00:30.123456789Z", 9, "2026-11-30T13:00:30.123456000Z"),
        ("2026-11-30T13:00:30.123456+00:00", 6, "2026-11-30T13:00:30.123456Z"),
    ],
)
def test_times_are_read_and_written(text: str, decimals: int, canonical: str) -> None:
    assert written(microseconds(text), decimals) == canonical
