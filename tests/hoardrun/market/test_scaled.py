from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.scaled import (
    MAX_EXPONENT,
    MAX_SCALED,
    Unscalable,
    rounded,
    scale,
    text,
    unscale,
)

STEPS = st.integers(-MAX_SCALED, MAX_SCALED)
EXPONENTS = st.integers(0, MAX_EXPONENT)


@pytest.mark.parametrize(
    ("value", "exponent", "steps"),
    [
        ("1.08620", 5, 108_620),
        ("1.0862", 5, 108_620),
        ("0.00000898", 8, 898),
        ("0.000000000001", 12, 1),
        ("-0.5", 1, -5),
        ("0", 12, 0),
        ("-0.00", 2, 0),
        ("0E+90", 2, 0),
        ("1E+3", 2, 100_000),
        ("1." + "0" * 60, 2, 100),
        ("9223372036854775807", 0, MAX_SCALED),
        ("-9223372.036854775807", 12, -MAX_SCALED),
    ],
)
def test_it_counts_steps(value: str, exponent: int, steps: int):
    assert scale(Decimal(value), exponent) == steps


@pytest.mark.parametrize(
    ("value", "exponent"),
    [
        ("NaN", 2),
        ("sNaN", 2),
        ("Infinity", 2),
        ("-Infinity", 2),
        ("0.001", 2),
        ("1.0000000000000000000000000001", 2),
        ("1." + "0" * 60 + "1", 2),
        ("9223372036854775808", 0),
        ("92233720368547758.08", 2),
        ("1E+999999", 0),
        ("1E-999999", 12),
        ("9" * 40, 0),
    ],
)
def test_it_refuses_what_it_could_not_keep_exactly(value: str, exponent: int):
    with pytest.raises(Unscalable):
        scale(Decimal(value), exponent)


@given(STEPS, EXPONENTS)
def test_what_was_scaled_comes_back(steps: int, exponent: int):
    number = unscale(steps, exponent)
    assert scale(number, exponent) == steps
    written = text(steps, exponent)
    assert Decimal(written) == number
    assert len(written.partition(".")[2]) == exponent
    assert "E" not in written


@given(STEPS, STEPS, EXPONENTS)
def test_steps_are_ordered_as_the_numbers_are(one: int, other: int, exponent: int):
    assert (one < other) == (unscale(one, exponent) < unscale(other, exponent))


@pytest.mark.parametrize(
    ("value", "steps"), [("0.125", 12), ("0.135", 14), ("-0.125", -12), ("1.2", 120)]
)
def test_it_rounds_half_to_even(value: str, steps: int):
    assert rounded(Decimal(value), 2) == steps


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1E+999999", "1E+27", "9" * 30])
def test_it_rounds_nothing_that_is_too_large(value: str):
    with pytest.raises(Unscalable):
        rounded(Decimal(value), 12)
