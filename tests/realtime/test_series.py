"""Series add up nodes and minutes as each line of a chart says."""

from __future__ import annotations

from typing import Any

import pytest

from realtime import clock, series
from realtime.models import NodeMinute
from tests.realtime.minutes import stored_minute

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> int:
    """Stand in the middle of steps: 7 minutes after one of 10 minutes began."""
    minute = int(clock.now().timestamp() // 60) // 120 * 120 + 67
    monkeypatch.setattr(series, "_now", lambda: minute)
    return minute


def values(span: str, line: str, **given: Any) -> list[float | None]:
    return list(series.read(series.SPANS[span], **given).lines[line])


def test_an_hour_has_a_step_a_minute_and_none_where_nothing_reported(now: int) -> None:
    stored_minute(now - 1, connections=3)
    stored_minute(now - 60, connections=5)
    stored_minute(now - 61, connections=7)  # before the hour
    stored_minute(now, connections=9)  # not over yet
    found = series.read(series.SPANS["1h"])
    assert found.lines["connections"] == [5, *[None] * 58, 3]
    assert found.times[0] == (now - 60) * 60
    assert found.times[-1] == (now - 1) * 60


def test_levels_are_added_up_over_nodes_and_averaged_over_minutes(now: int) -> None:
    for minute in range(now - 7, now):  # the step that runs
        stored_minute(minute, node="a", connections=10)
        stored_minute(minute, node="b", connections=30)
    stored_minute(now - 8, node="a", connections=1)
    assert values("24h", "connections")[-2:] == [1, 40]
    assert values("24h", "connections", node="b")[-2:] == [None, 30]


def test_rates_are_by_what_the_rows_cover(now: int) -> None:
    stored_minute(now - 3, messages_out=600, opened=6)
    stored_minute(now - 2, messages_out=300, opened=3, seconds=30.0)  # the end of a node
    stored_minute(now - 1, messages_out=1800, opened=18, seconds=180.0)  # after an outage
    assert values("1h", "messages_out")[-3:] == [10, 10, 10]
    assert values("1h", "opened")[-3:] == [6, 6, 6]


def test_a_node_that_has_just_begun_raises_no_rate_of_the_others(now: int) -> None:
    stored_minute(now - 1, node="a", messages_out=600)
    stored_minute(now - 1, node="b", messages_out=0, seconds=2.0)
    stored_minute(now - 1, node="c", messages_out=0, seconds=0.0)
    assert values("1h", "messages_out")[-1] == 10


def test_rare_things_are_counted_in_each_step(now: int) -> None:
    for minute in (now - 1, now - 2, now - 3):
        stored_minute(minute, node="a", slow_closed=1)
        stored_minute(minute, node="b", slow_closed=2)
    assert values("24h", "slow_closed")[-1] == 9
    assert values("1h", "slow_closed")[-1] == 3


def test_the_slowest_minute_of_any_node_is_not_averaged_away(now: int) -> None:
    stored_minute(now - 2, node="a", delivered=1, delivery_p99_ms=900.0, delivery_p50_ms=10.0)
    stored_minute(now - 1, node="b", delivered=3, delivery_p99_ms=20.0, delivery_p50_ms=2.0)
    assert values("24h", "delivery_p99_ms")[-1] == 900
    assert values("24h", "delivery_p50_ms")[-1] == (10 + 3 * 2) / 4


def test_a_minute_without_events_has_no_time_of_delivery(now: int) -> None:
    stored_minute(now - 1)
    assert values("1h", "delivery_p99_ms")[-1] is None
    assert values("1h", "delivery_p50_ms")[-1] is None


def test_fourteen_days_have_steps_of_two_hours(now: int) -> None:
    stored_minute(now - 1, connections=2)
    stored_minute(now - 13 * 1440, connections=4)
    found = values("14d", "connections")
    assert len(found) == 168
    assert (found[-1], found[-1 - 13 * 12]) == (2, 4)


def test_nodes_are_listed_while_the_span_has_a_minute_of_them(now: int) -> None:
    stored_minute(now - 90, node="gone")
    stored_minute(now - 30, node="dead", connections=8, lag_ms=3.0)
    stored_minute(now - 29, node="dead", connections=2, lag_ms=70.0)
    stored_minute(now - 1, node="live")
    found = series.nodes(series.SPANS["1h"])
    assert [one.node for one in found] == ["live", "dead"]
    assert (found[1].connections, found[1].lag_ms) == (8, 70)


def test_each_line_of_a_chart_is_a_column(now: int) -> None:
    columns = {field.name for field in NodeMinute._meta.get_fields()}
    assert series.LINES.keys() <= columns
