"""Logins wait for their turn, or are refused when the queue is too long."""

from __future__ import annotations

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
    line.done()
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
    assert line.has_room(101.0)


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
    line.done()
    assert line.next(99.0) == "renewal 1"
