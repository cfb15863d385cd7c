"""What was missed is one hole for each instrument, until its source has told it."""

from __future__ import annotations

from hoardrun.market.alerts.missed import Hole, Missed
from hoardrun.market.engine.prices import Accepted, Gap


def price(at: int, key: int = 1) -> Accepted:
    return Accepted(key, "BTC-USD", 100, at, "kraken")


def gap(since: int, until: int) -> Gap:
    return Gap(1, "BTC-USD", "kraken", since, until)


def test_the_first_price_of_a_leader_ends_what_was_missed_before() -> None:
    missed = Missed()
    missed.begin({1: 10, 2: 10})
    assert missed.due(0.0) is None and set(missed.instruments()) == {1, 2}
    for at in (30, 40):
        missed.first(price(at))
    assert missed.due(0.0) == Hole(1, "kraken", 10, 30)
    missed.first(price(10, key=2))  # judged already
    assert len(missed) == 1 and 2 not in missed


def test_holes_that_come_together_are_one() -> None:
    missed = Missed()
    missed.gap(gap(20, 30))
    missed.gap(gap(10, 25))
    missed.gap(gap(5, 5))
    hole = missed.due(0.0)
    assert hole == Hole(1, "kraken", 10, 30)
    missed.gap(gap(35, 50))  # while the source is asked
    missed.closed(hole)
    assert missed.due(0.0) == Hole(1, "kraken", 30, 50)
    missed.gap(gap(20, 40))  # an earlier one while it is asked
    missed.closed(Hole(1, "kraken", 30, 50))
    assert missed.due(0.0) == Hole(1, "kraken", 20, 50)


def test_the_hole_that_began_first_is_asked_for_first() -> None:
    """It may be left of a leader that died before it had asked for all."""
    missed = Missed()
    for key, since in ((1, 20), (2, 10), (3, 30)):
        missed.gap(Gap(key, "BTC-USD", "kraken", since, 40))
    asked = []
    while (hole := missed.due(0.0)) is not None:
        asked.append(hole.instrument_id)
        missed.closed(hole)
    assert asked == [2, 1, 3]


def test_a_hole_that_was_not_told_is_asked_for_again() -> None:
    missed = Missed()
    missed.gap(gap(10, 30))
    hole = missed.due(0.0)
    assert hole is not None
    missed.later(hole, 7.0)
    assert missed.due(6.9) is None and 1 in missed
    again = missed.due(7.0)
    assert again is not None and again.tries == 1
    missed.closed(again)
    assert 1 not in missed and not list(missed.instruments())
