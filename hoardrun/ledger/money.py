"""Currencies and amounts: Decimal inside, text on the wire, never a float.

Each currency has its own number of decimals (`currencies`). A column holds 13 digits before the
point and three behind it, of which 15 may differ from zero: SQLite keeps no more exactly. So an
amount with three decimals has 12 before. The journal counts in minor units, the smallest that a
currency has, in 64 bits: the largest amount fits there nine thousand times. No I/O here.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.db import models

from hoardrun.ledger.currencies import EXPONENTS
from hoardrun.ledger.errors import InvalidAmount, UnknownCurrency

MAX_DIGITS = 16
DECIMAL_PLACES = 3
SIGNIFICANT = 15  # digits of a number that SQLite keeps

# Plain decimals only: Decimal() also accepts 1e9, 1_000, blanks and digits of other scripts.
_PLAIN = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


class Currency(models.TextChoices):
    UGX = "UGX", "Ugandan shilling"
    KES = "KES", "Kenyan shilling"
    TZS = "TZS", "Tanzanian shilling"
    GHS = "GHS", "Ghanaian cedi"
    NGN = "NGN", "Nigerian naira"
    ZAR = "ZAR", "South African rand"
    USD = "USD", "US dollar"
    EUR = "EUR", "Euro"

    @property
    def exponent(self) -> int:
        """Number of decimals."""
        return EXPONENTS[self.value]


def currency_parse(value: str) -> Currency:
    """Read a currency code. Raises UnknownCurrency."""
    try:
        return Currency(value)
    except ValueError:
        raise UnknownCurrency(str(value)[:20], ", ".join(Currency.values)) from None


def amount_parse(value: Any, currency: str, *, allow_zero: bool = False) -> Decimal:
    """Read an amount of a currency from text, Decimal or int.

    Raises InvalidAmount for other types, such as float; for zero and less; for more decimals
    than the currency has, unless they are zeros; and for amounts too large to store exactly.
    """
    code = currency_parse(currency)
    number = _number(value)
    if number < 0 or (number == 0 and not allow_zero):
        raise InvalidAmount("An amount must be greater than zero; `direction` says which way.")
    if number > largest(code.exponent):
        raise InvalidAmount(f"An amount must not exceed {largest_text(code)}.")
    exact = number.quantize(Decimal(1).scaleb(-code.exponent))
    if exact != number:
        allowed = f"at most {code.exponent}" if code.exponent else "no"
        raise InvalidAmount(f"{code.value} has {allowed} decimals.")
    return exact


def minor_of(amount: Decimal, currency: str) -> int:
    """Return an amount in minor units. Raises InvalidAmount if it is no whole number of them."""
    units = amount.scaleb(currency_parse(currency).exponent)
    if units != units.to_integral_value():
        raise InvalidAmount(f"{amount_human(amount, currency)} has decimals that do not exist.")
    return int(units)


def amount_of(minor: int, currency: str) -> Decimal:
    """Return the amount of some minor units."""
    return Decimal(minor).scaleb(-currency_parse(currency).exponent)


def exact(amount: Decimal, currency: str) -> Decimal:
    """Return an amount with its currency's decimals, however many its column has."""
    return amount_of(minor_of(amount, currency), currency)


def largest(exponent: int) -> Decimal:
    """Return the largest amount with so many decimals that every column holds exactly."""
    whole = min(MAX_DIGITS - DECIMAL_PLACES, SIGNIFICANT - exponent)
    return Decimal(10) ** whole - Decimal(1).scaleb(-exponent)


def largest_of(currency: str) -> Decimal:
    """Return the largest amount and balance of a currency."""
    return largest(currency_parse(currency).exponent)


def is_exact(number: Decimal) -> bool:
    """Return whether a column stores a number as it is."""
    _, digits, exponent = number.normalize().as_tuple()
    assert isinstance(exponent, int), "money is finite"
    return (
        -exponent <= DECIMAL_PLACES
        and len(digits) <= SIGNIFICANT
        and len(digits) + exponent <= MAX_DIGITS - DECIMAL_PLACES
    )


def largest_text(currency: str) -> str:
    """Write the largest amount of a currency."""
    return amount_text(largest_of(currency), currency)


def amount_text(value: Decimal, currency: str) -> str:
    """Write an amount for the wire, as `1250` or `12.50`."""
    return f"{value:.{_places(value, currency)}f}"


def amount_human(value: Decimal, currency: str) -> str:
    """Write an amount for people, as `UGX 50,000` or `KES 1,200.50`."""
    return f"{currency} {value:,.{_places(value, currency)}f}"


def _places(value: Decimal, currency: str) -> int:
    """Return the currency's decimals, or more if rounding would change the value."""
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "money is finite"
    return max(currency_parse(currency).exponent, -exponent)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise InvalidAmount('An amount is text such as "12.50", never a floating-point number.')
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        raise InvalidAmount('An amount is plain digits such as "1250" or "12.50".')
    # Of a long int, Decimal would take long to write the digits.
    is_long = isinstance(value, int) and abs(value) >= 10**30
    number = Decimal(10) ** 30 if is_long else Decimal(value)
    if not number.is_finite():
        raise InvalidAmount("An amount must be finite.")
    return number
