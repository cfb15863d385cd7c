from __future__ import annotations

from decimal import Decimal

import pytest

from hoardrun.market import scaled


@pytest.mark.parametrize(
    ("value", "exponent", "steps", "written"),
    [
        ("1.08620", 5, 108620, "1.08620"),
        ("0.000008912345", 12, 8_912_345, "0.000008912345"),
        ("-3715", 2, -371500, "-3715.00"),
        ("0", 0, 0, "0"),
    ],
)
def test_a_price_is_whole_steps_and_is_written_with_all_decimals(
    value: str, exponent: int, steps: int, written: str
):
    assert scaled.scale(Decimal(value), exponent) == steps
    assert scaled.text(steps, exponent) == written


@pytest.mark.parametrize("value", ["1.001", "NaN", "Infinity", "1e18", "1e999999999"])
def test_what_does_not_fit_is_refused(value: str):
    with pytest.raises(scaled.Unscalable):
        scaled.scale(Decimal(value), 2)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e18", "1e28", "-1e999999999"])
def test_what_is_rounded_must_fit_too(value: str):
    with pytest.raises(scaled.Unscalable):
        scaled.rounded(Decimal(value), 2)


@pytest.mark.parametrize(("value", "steps"), [("1.005", 100), ("1.015", 102), ("-0.001", 0)])
def test_the_last_step_is_rounded_half_to_even(value: str, steps: int):
    assert scaled.rounded(Decimal(value), 2) == steps
