from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.feeds import times

READ = {
    "2026-09-24T03:54:28.829165Z": 1_790_222_068_829_165,
    "2026-09-10T17:44:12.114514810Z": 1_789_062_252_114_514,  # cut, not rounded
    "2026-09-10T17:44:00.000000000Z": 1_789_062_240_000_000,
    "2026-04-07 14:30:10.000000000+00:00": 1_775_572_210_000_000,
    "2021-04-17T00:00:00Z": 1_618_617_600_000_000,
    "2021-04-17t00:00:00z": 1_618_617_600_000_000,
    "2021-04-17T00:00:00.1Z": 1_618_617_600_100_000,
    "2021-04-17T03:00:00+03:00": 1_618_617_600_000_000,
    "2021-04-17T03:00:00+0300": 1_618_617_600_000_000,
    "2021-04-17T03:00:00+03": 1_618_617_600_000_000,
    "2021-04-16T18:30:00-05:30": 1_618_617_600_000_000,
    "2021-04-17T00:00:00": 1_618_617_600_000_000,  # without a zone it is UTC
    "2016-12-31T23:59:60Z": 1_483_228_800_000_000,  # a leap second
    "2024-02-29T00:00:00.123456789012Z": 1_709_164_800_123_456,
    "1970-01-01T00:00:00Z": 0,
    "9999-12-31T23:59:59.999999Z": 253_402_300_799_999_999,
}
UNREADABLE = (
    "", "now", "2026-09-24", "03:54:28", "1618600000", "2026-13-01T00:00:00Z",
    "2023-02-29T00:00:00Z", "2026-09-24T24:00:00Z", "2026-09-24T23:60:00Z", "2026-09-24T23:00:61Z",
    "2026-09-24T03:54Z", "2026-09-24T03:54:28.Z", "2026-09-24T03:54:28.1234567890123Z",
    "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
    " 2026-09-24T03:54:28Z", "2026-09-24T03:54:28Z\n", "٢026-09-24T03:54:28Z",
)  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_it_reads_the_times_of_all_venues(text: str):
    assert times.of_text(text) == READ[text]


@pytest.mark.parametrize("text", UNREADABLE)
def test_it_refuses_what_is_no_time(text: str):
    with pytest.raises(ValueError, match="no time|out of range|month|day|isoformat"):
        times.of_text(text)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)))
def test_it_agrees_with_the_standard_library_and_reads_what_it_writes(moment: datetime):
    at = times.of_text(f"{moment.isoformat()}Z")
    assert at == (moment - datetime(1970, 1, 1)) // (datetime.resolution)
    assert times.of_text(times.text(at)) == at
    assert datetime.fromisoformat(times.text(at)) == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("found", "at"),
    [
        (times.of_seconds(1_688_671_200), 1_688_671_200_000_000),
        (times.of_seconds(Decimal("1688669597.8277369")), 1_688_669_597_827_736),
        (times.of_milliseconds(1_672_348_887_195), 1_672_348_887_195_000),
        (times.of_milliseconds(Decimal("1672348887195.5")), 1_672_348_887_195_500),
    ],
)
def test_it_reads_numbers_in_the_unit_that_is_named(found: int, at: int):
    assert found == at


@pytest.mark.parametrize("number", ["-1", "1e30", "1e999999", "NaN", "Infinity"])
def test_it_refuses_numbers_that_are_no_times(number: str):
    with pytest.raises((ValueError, ArithmeticError)):
        times.of_seconds(Decimal(number))
