"""A page of the log continues a position, or asks to resynchronise."""

from __future__ import annotations

from realtime.core.continuity import Head, Page, StreamPosition, turn_page
from realtime.log import StoredEvent


def entries(first: int, last: int) -> list[StoredEvent]:
    return [StoredEvent("s", "b", offset, "t", "", "") for offset in range(first, last + 1)]


def test_a_page_continues_after_events_delivered_meanwhile() -> None:
    assert turn_page(StreamPosition("b", 3), 1, Head("b", 8, 0), entries(2, 8)) == Page(2, 7)


def test_a_page_is_ignored_by_a_position_that_was_set_back() -> None:
    assert turn_page(StreamPosition("b", 0), 1, Head("b", 8, 0), entries(2, 8)) == Page(0, 0)


def test_a_page_whose_beginning_was_trimmed_requires_a_resync() -> None:
    assert turn_page(StreamPosition("b", 1), 1, Head("b", 8, 4), entries(5, 8)) == Page(
        0, 0, "trimmed"
    )
