"""The run of a day sees each candle that is not as the truth has it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.market.day import compare, is_right
from tests.market.truth import Bar

GOOD = Bar(Decimal(1), Decimal(2), Decimal("0.5"), Decimal("1.5"), Decimal(10), 3)
WANT = {("BTC-USD", 0): GOOD, ("BTC-USD", 60): GOOD}


def test_candles_that_are_equal_are_right() -> None:
    counts = compare(WANT, {key: bar._replace(close=Decimal("1.50")) for key, bar in WANT.items()})
    assert counts == {"right": 2, "wrong": 0, "missing": 0, "surplus": 0}
    assert is_right(counts)


@pytest.mark.parametrize(
    ("have", "what"),
    [
        ({("BTC-USD", 0): GOOD}, "missing"),
        (WANT | {("BTC-USD", 120): GOOD}, "surplus"),
        (WANT | {("BTC-USD", 60): GOOD._replace(volume=Decimal("10.00000001"))}, "wrong"),
        (WANT | {("BTC-USD", 60): GOOD._replace(trades=4)}, "wrong"),
        (WANT | {("BTC-USD", 60): GOOD._replace(high=Decimal("2.1"))}, "wrong"),
    ],
)
def test_each_mistake_is_counted(have: dict[tuple[str, int], Bar], what: str) -> None:
    counts = compare(WANT, have)
    assert counts[what] == 1
    assert not is_right(counts)
