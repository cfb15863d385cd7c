"""Tests that the protocols of all venues share, each held against a venue's own tables.

A venue's test file gives its tables, and the tests that are made here their names:

    test_it_reads_every_kind_of_frame = tables.reads(Kraken, FRAMES)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.feeds.events import Event, Missed, Odd
from hoardrun.market.feeds.venue import Venue

Make = Callable[[], Venue]
Test = Callable[..., None]
# Trades with their numbers, as they come or as history that is repeated, and how many holes there
# are between them.
HOLES: Sequence[tuple[Sequence[tuple[str, int]], int]] = (
    ([("new", 5), ("new", 6)], 0),
    ([("new", 5), ("new", 7)], 1),
    ([("new", 5), ("new", 7), ("new", 8)], 1),
    ([("new", 7), ("new", 5), ("new", 8)], 0),  # back, and on from where it was
    ([("new", 5), ("new", 5), ("new", 6)], 0),
    ([("history", 5), ("new", 6)], 0),
    ([("history", 5), ("new", 7)], 1),
    ([("history", 3), ("history", 5), ("new", 6)], 0),  # what history leaves out is not lost
    ([("history", 6), ("history", 5), ("new", 7)], 0),  # newest first
    ([("new", 5), ("history", 9), ("new", 10)], 0),
)


def reads(make: Make, frames: Mapping[str, tuple[str, Sequence[Event]]]) -> Test:
    """Return the test that each frame is read as its events."""

    @pytest.mark.parametrize("name", frames)
    def test(name: str) -> None:
        text, events = frames[name]
        assert make().read(text) == events

    return test


def finds_odd(make: Make, frames: Mapping[str, str]) -> Test:
    """Return the test that of each frame nothing is taken, and in a few words why."""

    @pytest.mark.parametrize("name", frames)
    def test(name: str) -> None:
        (event,) = make().read(frames[name])
        assert isinstance(event, Odd)
        assert 0 < len(event.why) <= 200

    return test


def never_raises(make: Make, *frames: str) -> Test:
    """Return the test that no text makes the venue raise, nor a spoilt frame."""
    spoilt = st.sampled_from(frames).flatmap(
        lambda text: st.tuples(st.integers(0, len(text)), st.text(max_size=3)).map(
            lambda cut: text[: cut[0]] + cut[1] + text[cut[0] + 1 :]
        )
    )

    @given(st.text() | spoilt)
    def test(text: str) -> None:
        make().read(text)

    return test


def tells_holes(make: Make, symbol: str, frame: Callable[[str, int], str]) -> Test:
    """Return the test that holes in the numbers of trades are told.

    `frame` writes a trade of the symbol: "new" or "history", and its number.
    """

    @pytest.mark.parametrize(("trades", "holes"), HOLES)
    def test(trades: Sequence[tuple[str, int]], holes: int) -> None:
        venue = make()
        events: list[Any] = [e for kind, n in trades for e in venue.read(frame(kind, n))]
        assert events.count(Missed(symbol)) == holes

    return test
