"""What must be true of an order before a provider is asked. Pure.

A provider takes some of what is wrong and then never finds it again: it is refused here, with the
name of the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

# The reference of all payments without one, for providers that need one. It identifies no payment.
NO_REFERENCE = "Payment"
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 .,-]+")
_BLANKS = re.compile(r" {2,}")


class Refused(ValueError):
    """An order that a provider would not take. `field` and `code` say why."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code


def clean_msisdn(value: str, country: str) -> PhoneNumber:
    """Read a phone number, written as people of a country write it or in full."""
    try:
        number = phonenumbers.parse(value, country)
    except NumberParseException:
        raise Refused("msisdn", "invalid", "This is no phone number.") from None
    if not phonenumbers.is_valid_number(number):
        raise Refused("msisdn", "invalid", "No phone has this number.")
    if phonenumbers.region_code_for_number(number) != country:
        raise Refused("msisdn", "country", f"This number is not of {country}.")
    return number


def country_of(value: str) -> str:
    """Return the country of a number that is written in full; empty if it says none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(value)) or ""
    except NumberParseException:
        return ""


def e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def clean_amount(value: Decimal, currency: str, decimals: Mapping[str, int]) -> Decimal:
    """Check an amount against the currencies that a provider takes and their decimals."""
    if currency not in decimals:
        raise Refused("currency", "not_taken", f"{currency} is not taken here.")
    if not value.is_finite() or value <= 0:
        raise Refused("amount", "invalid", "An amount must be greater than zero.")
    places = decimals[currency]
    exact = round(value, places)
    if exact != value:
        allowed = f"at most {places}" if places else "no"
        raise Refused("amount", "decimals", f"{currency} has {allowed} decimals here.")
    return exact


def clean_text(value: str, limit: int, *, instead: str) -> str:
    """Reduce a text to what every provider takes; never to nothing."""
    plain = _BLANKS.sub(" ", _NOT_PLAIN.sub(" ", value)).strip()[:limit].strip()
    return plain or instead
