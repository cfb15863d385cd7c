from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.candles import spans
from hoardrun.market.candles.spans import INTERVALS, MINUTE, PARTS, microseconds, moment

NAIROBI, NEW_YORK = ZoneInfo("Africa/Nairobi"), ZoneInfo("America/New_York")
ZONES = st.sampled_from([UTC, NAIROBI, NEW_YORK, ZoneInfo("Asia/Kolkata")])
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(
    lambda each: microseconds(each.replace(tzinfo=UTC))
)


def at(text: str) -> int:
    return microseconds(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("interval", "zone", "when", "bucket"),
    [
        ("1m", UTC, "2026-03-03T12:34:56.789Z", "2026-03-03T12:34:00Z"),
        ("15m", UTC, "2026-03-03T12:34:56Z", "2026-03-03T12:30:00Z"),
        ("4h", UTC, "2026-03-03T13:34:56Z", "2026-03-03T12:00:00Z"),
        ("1d", UTC, "2026-03-03T23:59:59Z", "2026-03-03T00:00:00Z"),
        ("1d", NAIROBI, "2026-03-03T20:59:59Z", "2026-03-03T00:00:00Z"),
        ("1d", NAIROBI, "2026-03-03T21:00:00Z", "2026-03-04T00:00:00Z"),
        ("1d", NEW_YORK, "2026-03-04T03:00:00Z", "2026-03-03T00:00:00Z"),
        ("1w", UTC, "2026-03-03T12:00:00Z", "2026-03-02T00:00:00Z"),
        ("1w", NAIROBI, "2026-03-01T21:00:00Z", "2026-03-02T00:00:00Z"),
        ("1M", UTC, "2026-03-31T23:00:00Z", "2026-03-01T00:00:00Z"),
        ("1M", NAIROBI, "2026-03-31T23:00:00Z", "2026-04-01T00:00:00Z"),
    ],
)
def test_a_moment_falls_into_a_bucket(interval: str, zone: ZoneInfo, when: str, bucket: str):
    assert spans.bucket_of(INTERVALS[interval], at(when), zone) == at(bucket)


def test_a_month_ends_with_its_last_day():
    months, bucket = spans.MONTH_MINUTES, at("2026-01-01T00:00:00Z")
    for days in (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31):
        following = spans.next_bucket(months, bucket)
        assert moment(following) - moment(bucket) == timedelta(days=days)
        bucket = following


def test_a_local_day_has_the_length_that_its_clocks_give_it():
    day = at("2026-03-08T00:00:00Z")  # summer time begins in New York
    length = spans.end_of(1440, day, NEW_YORK) - spans.begin_of(1440, day, NEW_YORK)
    assert length == 23 * 60 * MINUTE
    assert spans.begin_of(1440, day, NEW_YORK) == at("2026-03-08T05:00:00Z")


@given(TIMES, st.sampled_from(list(INTERVALS.values())), ZONES)
def test_each_moment_lies_in_one_span(when: int, minutes: int, zone: ZoneInfo):
    bucket = spans.bucket_of(minutes, when, zone)
    assert spans.begin_of(minutes, bucket, zone) <= when < spans.end_of(minutes, bucket, zone)
    assert spans.bucket_of(minutes, spans.begin_of(minutes, bucket, zone), zone) == bucket
    following = spans.next_bucket(minutes, bucket)
    assert spans.begin_of(minutes, following, zone) == spans.end_of(minutes, bucket, zone)


@given(TIMES, st.sampled_from(list(PARTS)), st.sampled_from([UTC, NAIROBI, NEW_YORK]))
def test_the_bucket_of_a_part_tells_what_it_is_a_part_of(when: int, minutes: int, zone: ZoneInfo):
    part = spans.bucket_of(PARTS[minutes], when, zone)
    assert spans.parent_of(minutes, part, zone) == spans.bucket_of(minutes, when, zone)


@given(TIMES)
def test_a_time_comes_back_exactly(when: int):
    assert microseconds(moment(when)) == when
