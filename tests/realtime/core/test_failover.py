"""The differences by which a database counts as another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from realtime.core.failover import Home, Sight, changes, completed, judge

HOME = Home("7300000000000000001", 3, 16384)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (HOME, []),
        (replace(HOME, timeline=4), ["timeline 3 became 4"]),
        (replace(HOME, timeline=2), ["timeline 3 became 2"]),
        (replace(HOME, table_id=9), ["table 16384 became 9"]),
        (
            replace(HOME, system_identifier="8", timeline=1),
            ["system identifier 7300000000000000001 became 8", "timeline 3 became 1"],
        ),
        (Home(), []),  # it tells nothing
        (Home(timeline=3), []),
    ],
)
def test_what_is_unknown_equals_anything(now: Home, said: list[str]) -> None:
    assert changes(HOME, now) == said
    assert len(changes(now, HOME)) == len(said)


def test_what_is_not_told_now_is_kept() -> None:
    assert completed(HOME, Home(timeline=4)) == replace(HOME, timeline=4)
    assert completed(Home(), HOME) == HOME


@pytest.mark.parametrize(
    ("last", "flushed", "noted", "is_another"),
    [
        (None, 100, None, False),  # a process that has just begun
        (Sight(HOME, 100, NOW), 100, None, False),
        (Sight(HOME, 100, NOW), 250, None, False),
        (Sight(HOME, 100, NOW), 99, None, True),  # its disk was put back
        (Sight(HOME, 100, NOW), 99, NOW - SECOND, True),
        (Sight(HOME, 100, NOW), 99, NOW + SECOND, False),  # another process has noted it
        (Sight(HOME, 100, NOW), 0, None, False),  # it no longer tells
        (Sight(replace(HOME, timeline=2), 100, NOW), 99, None, False),  # noted by the row
    ],
)
def test_a_log_that_went_back_counts_until_somebody_has_noted_it(
    last: Sight | None, flushed: int, noted: datetime | None, is_another: bool
) -> None:
    now = Sight(HOME, flushed, NOW + 2 * SECOND)
    assert bool(judge(HOME, noted, last, now)) is is_another


def test_the_row_is_believed_before_memory() -> None:
    now = Sight(replace(HOME, timeline=4), 50, NOW)
    assert judge(HOME, NOW + SECOND, Sight(HOME, 100, NOW), now) == "timeline 3 became 4"
