from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hoardrun.ledger.errors import InvalidAmount, UnknownCurrency
from hoardrun.ledger.money import amount_human, amount_parse, amount_text, is_exact, largest


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1250", "UGX", "1250"),
        (1250, "UGX", "1250"),
        (Decimal("1250.00"), "UGX", "1250"),
        (Decimal("1E+3"), "UGX", "1000"),
        ("12.5", "KES", "12.50"),
        ("12.500", "KES", "12.50"),
        ("0.01", "USD", "0.01"),
        ("9999999999999.99", "EUR", "9999999999999.99"),
        ("9999999999999", "UGX", "9999999999999"),
    ],
)
def test_it_reads_and_writes_amounts_of_the_currency(value, currency, text):
    assert amount_text(amount_parse(value, currency), currency) == text


NO_AMOUNTS: dict[str, list[Any]] = {
    "of another type": [12.5, 1.0, True, None, []],
    "around the number": ["", " 5", "5\n", "+5"],
    "not more than zero": ["-5", "0", "0.00", "-0", Decimal("-1")],
    "written otherwise": ["1e3", "1_000", "1,000", ".5", "5.", "0x10", "١٢"],
    "no number": [*("NaN", "Infinity"), *map(Decimal, ("NaN", "sNaN", "Infinity"))],
    "out of range": ["12.345", "10000000000000", Decimal("1E+999999"), "9" * 100_000],
    "out of any range": [10**5000, -(10**5000)],
}


@pytest.mark.parametrize("reason", NO_AMOUNTS)
def test_it_refuses_what_is_not_an_amount(reason: str):
    for value in NO_AMOUNTS[reason]:
        with pytest.raises(InvalidAmount):
            amount_parse(value, "KES")


@pytest.mark.parametrize(
    ("value", "currency", "says"),
    [
        ("100.5", "UGX", "UGX has no decimals"),
        ("100.005", "KES", "KES has at most 2 decimals"),
        ("10000000000000", "UGX", r"must not exceed 9999999999999\.$"),
        ("10000000000000", "KES", r"must not exceed 9999999999999\.99\.$"),
    ],
)
def test_it_says_what_the_currency_allows(value: str, currency: str, says: str):
    with pytest.raises(InvalidAmount, match=says):
        amount_parse(value, currency)


@pytest.mark.parametrize(
    ("exponent", "most"), [(0, "9999999999999"), (2, "9999999999999.99"), (3, "999999999999.999")]
)
def test_the_largest_amount_is_the_last_that_a_column_holds(exponent: int, most: str):
    assert largest(exponent) == Decimal(most)
    assert is_exact(largest(exponent))
    assert not is_exact(largest(exponent) + Decimal(1).scaleb(-exponent) + Decimal("0.001"))


@pytest.mark.parametrize("currency", ["", "kes", "XXX", "KES "])
def test_it_refuses_an_unknown_currency(currency):
    with pytest.raises(UnknownCurrency, match="Use one of UGX, KES"):
        amount_parse("1", currency)


def test_it_writes_amounts_for_people():
    assert amount_human(Decimal("50000.00"), "UGX") == "UGX 50,000"
    assert amount_human(Decimal("1200.5"), "KES") == "KES 1,200.50"


def test_it_never_rounds_what_it_writes():
    assert amount_text(Decimal("12.50"), "UGX") == "12.5"
    assert amount_text(Decimal("-0.10"), "USD") == "-0.10"
