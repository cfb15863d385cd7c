"""Deadlines by ticks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from realtime.core.wheel import SWEEP_TICKS, Deadline, Wheel


def test_a_deadline_is_at_most_a_tick_late_and_never_early() -> None:
    wheel = Wheel(0.1, 0.0)
    called: list[str] = []
    wheel.at(1.0, lambda: called.append("a"))
    assert list(wheel.advance(0.99)) == []
    [action] = wheel.advance(1.1)
    action()
    assert called == ["a"]
    assert list(wheel.advance(2.0)) == []


def test_a_cancelled_deadline_is_not_given() -> None:
    wheel = Wheel(0.1, 0.0)
    wheel.at(1.0, lambda: None).cancel()
    assert list(wheel.advance(5.0)) == []


def test_a_deadline_cancelled_in_its_own_tick_is_not_given() -> None:
    wheel = Wheel(0.1, 0.0)
    called: list[str] = []
    later: list[Deadline] = []

    def cancels() -> None:
        called.append("first")
        later[0].cancel()

    wheel.at(1.0, cancels)
    later.append(wheel.at(1.0, lambda: called.append("later")))
    for action in wheel.advance(5.0):
        action()
    assert called == ["first"]


def test_a_deadline_in_the_past_is_given_at_once() -> None:
    wheel = Wheel(0.1, 100.0)
    wheel.at(3.0, lambda: None)
    assert len(list(wheel.advance(100.2))) == 1


def test_cancelled_deadlines_are_not_kept_until_their_time() -> None:
    wheel = Wheel(0.1, 0.0)
    left: list[float] = []
    now = 0.0
    for number in range(10_000):  # in 100 s
        now = number / 100
        deadline = wheel.at(now + 3600.0, lambda at=number: left.append(at))  # type: ignore[misc]
        if number % 100:
            deadline.cancel()
        assert list(wheel.advance(now)) == []
    for tick in range(2 * SWEEP_TICKS):
        assert list(wheel.advance(now + tick / 10)) == []
    assert len(wheel) == 100
    for action in wheel.advance(10_000.0):
        action()
    assert left == list(range(0, 10_000, 100))


@given(st.lists(st.floats(0, 1000), max_size=30), st.lists(st.floats(0, 1100), max_size=30))
def test_each_deadline_is_given_once_and_never_early(
    deadlines: list[float], times: list[float]
) -> None:
    wheel = Wheel(0.5, 0.0)
    given_out: list[tuple[float, float]] = []
    now = 0.0
    for at in deadlines:
        wheel.at(at, lambda at=at: given_out.append((at, now)))  # type: ignore[misc]
    for now in [*sorted(times), 2000.0]:
        for action in wheel.advance(now):
            action()
    assert sorted(at for at, _ in given_out) == sorted(deadlines)
    assert all(when >= at for at, when in given_out)


def test_what_comes_again_and_again_keeps_its_rhythm_whatever_comes_late() -> None:
    wheel = Wheel(0.1, 0.03)
    calls: list[float] = []
    now = 0.03
    wheel.every(1.0, lambda: calls.append(now), now)
    while now < 100:
        now += 0.107  # each look is a little late
        for action in wheel.advance(now):
            action()
    assert len(calls) == 99
    assert all(at - (0.03 + number) < 0.21 for number, at in enumerate(calls, 1))


def test_a_jump_of_the_clock_makes_up_for_no_calls() -> None:
    wheel = Wheel(0.1, 0.0)
    calls: list[float] = []
    wheel.every(1.0, lambda: calls.append(now), 0.0)
    for now in (1.2, 7.7, 7.8, 7.9, 8.0, 8.15, 8.3):
        for action in wheel.advance(now):
            action()
    assert calls == [1.2, 7.7, 8.15]
