from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hoardrun.market.feeds import reading


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity", "1e999999999", "1e-19"])
def test_it_refuses_what_is_no_number_of_a_market(text: str):
    with pytest.raises(ValueError, match="no number"):
        reading.check(Decimal(1), None, Decimal(text))


@pytest.mark.parametrize("text", ["0", "0.00000000", "-1", "0.000000000001", "270638277.50461281"])
def test_it_leaves_numbers_to_the_gate(text: str):
    reading.check(Decimal(text))


def test_no_size_is_negative():
    reading.check(Decimal(-1), size=Decimal(0))
    with pytest.raises(ValueError, match="-0.5 is no size"):
        reading.check(Decimal(1), size=Decimal("-0.5"))


def test_an_answer_that_is_no_json_is_a_value_error():
    with pytest.raises(ValueError, match="cannot be read"):
        reading.decoded(msgspec.json.Decoder(list[int]), b"<html>")


def test_words_are_one_line_and_short():
    assert reading.clipped("a\nb  c" + "d" * 500) == "a b c" + "d" * 195
