from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.candles import spans
from hoardrun.market.candles.ladder import LONGER, Ladder
from hoardrun.market.candles.spans import MINUTE
from hoardrun.market.candles.values import Drawn, Values, roll_up
from tests.hoardrun.market.candles.prices import BTC, NOON

ZONES = st.sampled_from([UTC, ZoneInfo("Africa/Nairobi"), ZoneInfo("America/New_York")])


def minute(number: int, *, is_closed: bool = True) -> Drawn:
    values = Values(100 + number, 110 + number, 90 - number, 105 + number, 10, 1)
    return Drawn(BTC, 1, NOON + number * MINUTE, values, "kraken", is_closed)


def naive(minutes: list[Drawn], interval: int, zone: object) -> Drawn:
    """Add up what belongs to the span of the last minute."""
    bucket = spans.bucket_of(interval, minutes[-1].bucket, zone)  # type: ignore[arg-type]
    same = [
        each
        for each in minutes
        if spans.bucket_of(interval, each.bucket, zone) == bucket  # type: ignore[arg-type]
    ]
    return roll_up(interval, bucket, same, is_closed=False)


@given(st.sets(st.integers(0, 3000), min_size=1, max_size=80).map(sorted), ZONES)
def test_running_candles_equal_the_sum_of_their_minutes(numbers: list[int], zone: ZoneInfo):
    ladder = Ladder(zone)
    closed = [minute(number) for number in numbers[:-1]]
    for each in closed:
        assert ladder.close(each)
    running = minute(numbers[-1], is_closed=False)
    expected = [naive([*closed, running], interval, zone) for interval in LONGER]
    assert ladder.running(running) == expected


@given(st.integers(1, 3000), ZONES)
def test_it_begins_from_what_is_stored(count: int, zone: ZoneInfo):
    """Hours and days that are not added up yet are made of their minutes and hours."""
    minutes = [minute(number) for number in range(count)]
    hours = [
        roll_up(60, bucket, inside, is_closed=True)
        for bucket, inside in spanned(60, minutes)
        if bucket + 61 * MINUTE < minutes[-1].bucket
    ]
    days = [
        roll_up(1440, bucket, inside, is_closed=True)
        for bucket, inside in spanned(1440, minutes, zone)
        if spans.end_of(1440, bucket, zone) + MINUTE < minutes[-1].bucket
    ]
    kept = minutes[-1].bucket // (60 * MINUTE) * 60 * MINUTE - 60 * MINUTE
    ladder = Ladder(zone)
    ladder.load([each for each in minutes if each.bucket >= kept], hours, days)
    running = minute(count, is_closed=False)
    assert ladder.running(running) == [
        naive([*minutes, running], interval, zone) for interval in LONGER
    ]


def test_the_monday_of_a_venue_behind_utc_is_in_its_week():
    """The bucket of a day is its date, which begins later there than in UTC."""
    monday = replace(minute(0), minutes=1440, bucket=NOON - 2160 * MINUTE)
    ladder = Ladder(ZoneInfo("America/New_York"))
    ladder.load([], [], [monday])
    running = minute(1, is_closed=False)
    week = ladder.running(running)[LONGER.index(spans.WEEK_MINUTES)]
    assert (week.bucket, week.values.trades) == (monday.bucket, 2)


def test_a_minute_that_is_not_the_newest_asks_to_be_loaded_anew():
    ladder = Ladder(UTC)
    assert ladder.close(minute(1))
    assert not ladder.close(minute(1))
    assert not ladder.close(minute(0))
    assert ladder.close(minute(2))


def spanned(
    interval: int, minutes: list[Drawn], zone: tzinfo = UTC
) -> list[tuple[int, list[Drawn]]]:
    found: dict[int, list[Drawn]] = {}
    for each in minutes:
        found.setdefault(spans.bucket_of(interval, each.bucket, zone), []).append(each)
    return list(found.items())
