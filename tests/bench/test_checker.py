"""Nothing lost, doubled or reordered goes unnoticed."""

from __future__ import annotations

import pytest

from bench.checker import Receipt


def receipt(*numbers: int) -> Receipt:
    made = Receipt()
    for number in numbers:
        made.take([number])
    return made


def test_exactly_once_and_in_order() -> None:
    made = receipt(0, 1, 2)
    assert made.lacking(3) == made.surplus(3) == made.doubled == made.reordered == 0


@pytest.mark.parametrize("numbers", [(0, 2), (1, 2), (0, 1), ()])
def test_a_missing_message(numbers: tuple[int, ...]) -> None:
    assert receipt(*numbers).lacking(3) == 3 - len(numbers)


@pytest.mark.parametrize("numbers", [(0, 1, 1, 2), (0, 1, 2, 0), (0, 1, 2, 2)])
def test_a_doubled_message(numbers: tuple[int, ...]) -> None:
    made = receipt(*numbers)
    assert (made.doubled, made.lacking(3), made.reordered) == (1, 0, 0)


def test_a_message_that_overtakes_another() -> None:
    made = receipt(1, 0, 2)
    assert (made.reordered, made.lacking(3), made.doubled) == (1, 0, 0)


def test_a_late_message_that_comes_twice() -> None:
    made = receipt(0, 2, 1, 1)
    assert (made.reordered, made.doubled, made.lacking(3)) == (1, 1, 0)


def test_it_finds_a_message_that_was_never_sent() -> None:
    assert receipt(0, 1, 2, 3).surplus(3) == 1


def test_numbers_of_one_chunk_are_checked_one_by_one() -> None:
    made = Receipt()
    made.take([0, 1, 1, 3])
    assert (made.doubled, made.lacking(4)) == (1, 1)
