"""Which thresholds are taken, how they are written, and when one is reached."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoardrun.market.alerts import thresholds
from hoardrun.market.alerts.choices import AlertKind, Metric


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("61000.5", "price_above", 6_100_050),
        ("61000.50", "price_above", 6_100_050),
        ("0.01", "price_below", 1),
        ("-3.25", "change_below", -32_500),
        ("12", "change_above", 120_000),
        ("0.00000001", "volume_above", 1),
    ],
)
def test_a_threshold_is_whole_steps(text: str, kind: str, expected: int) -> None:
    assert thresholds.read(text, AlertKind(kind), "24h", 2) == expected


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        ("61000.505", "price_above", "more than 2 decimals"),
        ("0", "price_above", "more than 0"),
        ("-1", "price_below", "more than 0"),
        ("1e5", "price_above", "a number such as"),
        ("NaN", "price_above", "a number such as"),
        ("+5", "price_above", "a number such as"),
        ("٣", "price_above", "a number such as"),
        ("9999999999999999999", "price_above", "too large"),
        ("1.234", "change_above", "more than 2 decimals"),
        ("0", "change_above", "not 0"),
        ("-101", "change_below", "from -100"),
        ("100001", "change_above", "from -100"),
        ("-5", "volume_above", "more than 0"),
        ("0.000000001", "volume_above", "more than 8 decimals"),
    ],
)
def test_a_threshold_that_cannot_be_says_why(text: str, kind: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        thresholds.read(text, AlertKind(kind), "24h", 2)


def test_a_way_back_is_less_than_its_threshold() -> None:
    above = AlertKind.PRICE_ABOVE
    assert thresholds.read_hysteresis("0.50", above, 100, 2) == 50
    for text, why in (("1.00", "less than the threshold"), ("-1", "not be less than 0")):
        with pytest.raises(ValueError, match=why):
            thresholds.read_hysteresis(text, above, 100, 2)


def test_numbers_are_written_as_people_read_them() -> None:
    assert thresholds.text(6_100_050, Metric.PRICE, 2) == "61000.50"
    assert thresholds.text(-32_500, Metric.CHANGE_DAY, 2) == "-3.25"
    assert thresholds.text(120_000, Metric.CHANGE_HOUR, 2) == "12.00"
    assert thresholds.text(123_456, Metric.CHANGE_HOUR, 2) == "12.3456"
    assert thresholds.text(150_000_000, Metric.VOLUME, 2) == "1.5"
    assert thresholds.text(500_000_000, Metric.VOLUME, 2) == "5"


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_a_change_is_rounded_towards_nothing(price: int, reference: int) -> None:
    exact = (Decimal(price) - reference) / reference * 1_000_000
    found = thresholds.change(price, reference)
    assert abs(found) <= abs(exact) < abs(found) + 1


def test_the_threshold_itself_is_reached_from_both_sides() -> None:
    for is_above, values in ((True, (99, 100, 101)), (False, (101, 100, 99))):
        reached = [thresholds.is_reached(is_above, 100, value) for value in values]
        assert reached == [False, True, True]


@given(st.booleans(), st.integers(1, 10**12), st.none() | st.integers(0, 10**6))
def test_the_way_back_is_on_the_other_side(
    is_above: bool, threshold: int, hysteresis: int | None
) -> None:
    for metric in Metric:
        back = thresholds.way_back(is_above, threshold, hysteresis, metric)
        assert not thresholds.is_reached(is_above, threshold, back)
