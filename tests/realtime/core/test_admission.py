"""Logins wait for their turn, or are refused when the queue is too long."""

from __future__ import annotations

import pytest

from realtime.core.admission import Admission


def test_the_oldest_has_its_turn_first() -> None:
    line: Admission[str] = Admission(10, 0.5)
    line.join("first", 0.0)
    line.join("second", 0.1)
    assert [line.next(0.2), line.next(0.2), line.next(0.2)] == ["first", "second", None]
    assert line.under_way == 2


def test_who_has_waited_for_too_long_is_taken_out() -> None:
    line: Admission[str] = Admission(10, 0.5)
    line.join("early", 0.0)
    line.join("late", 0.4)
    assert list(line.late(0.6)) == ["early"]
    assert line.next(0.6) == "late"


def test_one_has_a_turn_even_if_all_have_waited_for_too_long() -> None:
    line: Admission[str] = Admission(10, 0.5)
    for name in ("first", "second", "third"):
        line.join(name, 0.0)
    assert list(line.late(9.0)) == ["first", "second"]
    assert line.next(9.0) == "third"


def test_nobody_has_a_turn_while_as_many_are_under_way_as_may_be() -> None:
    line: Admission[str] = Admission(1, 0.5)
    line.join("first", 0.0)
    line.join("second", 0.0)
    assert (line.next(0.0), line.next(0.0)) == ("first", None)
    line.done(0.1)
    assert line.next(0.1) == "second"


def test_there_is_no_room_in_a_line_that_is_long_enough() -> None:
    line: Admission[int] = Admission(2, 0.5)
    assert line.has_room(0.0)
    line.join(1, 0.0)
    assert line.has_room(0.0)
    line.join(2, 0.0)
    assert not line.has_room(0.0)


def test_there_is_no_room_while_turns_take_too_long_for_the_line() -> None:
    line: Admission[int] = Admission(1000, 0.5)
    for number in range(40):
        line.join(number, 0.0)
    for turn in range(1, 21):
        assert line.next(turn * 0.05) is not None
        line.done(turn * 0.05)
    assert not line.has_room(1.0)  # twenty more, each of which takes 50 ms


def test_there_is_no_room_behind_one_who_has_waited_for_too_long() -> None:
    line: Admission[int] = Admission(1000, 0.5)
    line.join(1, 0.0)
    assert line.has_room(0.5)
    assert not line.has_room(0.6)


def test_an_empty_line_has_room_again_after_an_overload() -> None:
    line: Admission[int] = Admission(1000, 0.5)
    for number in range(100):
        line.join(number, 0.0)
    for turn in range(1, 101):
        line.next(turn * 1.0)
        line.done(turn * 1.0)
    assert line.has_room(101.0)


def _begun(count: int, waiting: int) -> Admission[int]:
    """Return a line of which `count` have begun at 0.0, and as many wait as is said."""
    line: Admission[int] = Admission(1000, 0.5)
    for number in range(count + waiting):
        line.join(number, 0.0)
    for _ in range(count):
        assert line.next(0.0) is not None
    return line


def test_while_logins_take_long_no_more_begin_than_lately_end_in_a_second() -> None:
    line = _begun(40, 10)
    assert line.next(0.4) == 40  # they may still be quick
    assert line.next(0.6) is None
    for _ in range(20):
        line.done(0.6)
    assert line.under_way == 21
    assert line.next(0.6) is None
    line.done(0.6)
    assert [line.next(0.6), line.next(0.6)] == [41, None]


def test_what_ended_long_ago_says_nothing_of_now() -> None:
    line = _begun(60, 10)
    for _ in range(30):
        line.done(0.1)
    assert line.next(0.2) == 60
    assert line.next(9.0) is None


def test_a_few_begin_however_long_they_take() -> None:
    line = _begun(14, 5)
    assert [line.next(9.0) for _ in range(3)] == [14, 15, None]
    line.done(9.1)
    assert line.next(9.1) == 16


def test_a_renewal_has_its_turn_while_logins_take_long() -> None:
    line: Admission[str] = Admission(1000, 0.5)
    for number in range(30):
        line.join(f"login {number}", 0.0)
    for _ in range(20):
        line.next(0.0)
    line.join_renewals("renewal")
    assert [line.next(0.6), line.next(0.6)] == ["renewal", None]


def test_renewals_have_every_other_turn() -> None:
    line: Admission[str] = Admission(10, 0.5)
    for name in ("login 1", "login 2"):
        line.join(name, 0.0)
    for name in ("renewal 1", "renewal 2", "renewal 3"):
        line.join_renewals(name)
    assert len(line) == 5
    found = [line.next(0.1) for _ in range(6)]
    assert found == ["renewal 1", "login 1", "renewal 2", "login 2", "renewal 3", None]
    assert line.under_way == 5


def test_a_renewal_is_never_taken_out_and_takes_no_room() -> None:
    line: Admission[str] = Admission(1, 0.5)
    for number in range(5):
        line.join_renewals(f"renewal {number}")
    assert line.has_room(0.0)
    assert list(line.late(99.0)) == []
    assert [line.next(99.0), line.next(99.0)] == ["renewal 0", None]
    line.done(0.1)
    assert line.next(99.0) == "renewal 1"


def _served(between: float) -> Admission[int]:
    """Return a line that has had a turn every `between` seconds, until 0.0."""
    line: Admission[int] = Admission(1000, 0.5)
    for number in range(101):
        line.join(number, -100 * between)
    for turn in range(100):
        line.next((turn - 99) * between)
    return line


def test_refused_logins_come_back_at_twice_the_pace_of_turns() -> None:
    line = _served(0.01)
    told = [line.appointment(0.0, 0.5) for _ in range(800)]
    assert told == sorted(told)
    assert [told.count(second) for second in range(2, 5)] == pytest.approx([200] * 3, abs=2)


def test_a_slow_node_sends_them_further_away() -> None:
    quick, slow = _served(0.001), _served(0.1)
    assert sum(quick.appointment(0.0, 0.5) for _ in range(100)) == 100
    assert sum(slow.appointment(0.0, 0.5) for _ in range(100)) > 300


def _told(line: Admission[int], per_second: int, seconds: int) -> list[int]:
    """Return the appointments of the last second, with so many refusals in each."""
    count = per_second * seconds
    told = [line.appointment(n / per_second, n % 11 / 10) for n in range(count)]
    return told[-per_second:]


def test_few_wait_for_no_longer_than_five_seconds_however_slow_the_node_is() -> None:
    assert set(_told(_served(1.0), 600, 30)) == {2, 3, 4, 5}


def test_a_crowd_is_sent_as_far_away_as_its_refusals_can_be_afforded() -> None:
    assert max(_told(_served(0.1), 1400, 30)) == 10
    assert max(_told(_served(0.1), 7000, 30)) == 50


def test_nobody_is_sent_away_for_longer_than_a_minute() -> None:
    line = _served(0.1)
    assert max(line.appointment(0.0, 1.0) for _ in range(60_000)) == 60


def test_appointments_pass_with_time() -> None:
    line = _served(0.1)
    for _ in range(20_000):
        line.appointment(0.0, 0.5)
    assert line.appointment(30.0, 0.5) == 1
    assert max(line.appointment(30.0, 1.0) for _ in range(100)) == 5


def test_a_node_that_has_measured_no_turn_yet_gives_appointments_too() -> None:
    line: Admission[int] = Admission(10, 0.5)
    assert {line.appointment(0.0, 0.5) for _ in range(8_000)} >= {1, 2, 3, 4, 5}
