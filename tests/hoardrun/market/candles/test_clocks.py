from __future__ import annotations

from hoardrun.market.candles.clocks import WINDOW, SourceClock
from tests.hoardrun.market.candles.prices import NOON, SECOND


def test_the_price_with_the_least_delay_tells_the_time():
    clock = SourceClock()
    assert clock.time(7) is None
    assert clock.hear(NOON, 0) == NOON
    assert clock.hear(NOON - 20 * SECOND, 5 * SECOND) == NOON + 5 * SECOND, "it was only late"
    assert clock.hear(NOON + 11 * SECOND, 10 * SECOND) == NOON + 11 * SECOND
    assert clock.time(15 * SECOND) == NOON + 16 * SECOND


def test_a_delay_that_is_gone_is_forgotten_after_two_windows():
    """A clock may run a little slower or faster than ours."""
    clock = SourceClock()
    clock.hear(NOON, 0)
    for number in (1, 2):
        at = number * WINDOW
        clock.hear(NOON + at - SECOND, at)
        assert clock.time(at) == NOON + (at if number == 1 else at - SECOND)


def test_the_time_does_not_go_back_when_a_window_ends():
    clock = SourceClock()
    clock.hear(NOON, 0)
    before = clock.time(WINDOW - 1) or 0
    assert clock.hear(NOON + WINDOW - 30 * SECOND, WINDOW) > before
