"""The sorted arrays of thresholds: order, slices, and what they cost."""

from __future__ import annotations

import tracemalloc
from array import array

from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.alerts.book import Side

ENTRIES = st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 30)), max_size=40)


def _filled(entries: list[tuple[int, int]]) -> Side:
    side = Side()
    for threshold, alert_id in entries:
        side.add(threshold, alert_id)
    return side


@given(ENTRIES, st.integers(-60, 60))
def test_a_slice_has_all_entries_that_a_number_reaches(
    entries: list[tuple[int, int]], value: int
) -> None:
    below, above = _filled(entries), _filled(entries)
    reached = sorted(alert_id for threshold, alert_id in set(entries) if threshold <= value)
    assert sorted(below.up_to(value)) == reached
    assert len(below) == len(set(entries)) - len(reached)
    reached = sorted(alert_id for threshold, alert_id in set(entries) if threshold >= value)
    assert sorted(above.down_to(value)) == reached


@given(ENTRIES)
def test_filling_at_once_is_adding_one_after_the_other(entries: list[tuple[int, int]]) -> None:
    entries = list(dict.fromkeys(entries))
    side = Side()
    side.fill(array("q", (each for each, _ in entries)), array("q", (each for _, each in entries)))
    added = _filled(entries)
    assert (side.thresholds, side.ids) == (added.thresholds, added.ids)


def test_an_entry_costs_sixteen_bytes() -> None:
    tracemalloc.start()
    try:
        side, many = Side(), 100_000
        side.fill(array("q", range(many, 0, -1)), array("q", range(many)))
        assert tracemalloc.get_traced_memory()[0] < 18 * many
    finally:
        tracemalloc.stop()
