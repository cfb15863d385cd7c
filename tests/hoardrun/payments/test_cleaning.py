"""What must be true of an order before a provider is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hoardrun.payments.cleaning import Refused, clean_amount, clean_msisdn, clean_text, e164

DECIMALS = {"UGX": 0, "GHS": 2}


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("0712345678", "KE", "+254712345678"),
        ("+254 712 345 678", "KE", "+254712345678"),
        ("254110345678", "KE", "+254110345678"),
        ("0110345678", "KE", "+254110345678"),
        ("0771234567", "UG", "+256771234567"),
    ],
)
def test_a_phone_is_read_as_people_write_it(written, country, number):
    assert e164(clean_msisdn(written, country)) == number


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "invalid"),
        ("abc", "invalid"),
        ("071234567", "invalid"),
        ("+256771234567", "country"),
        ("+25471234567890", "invalid"),
    ],
)
def test_a_phone_of_another_length_or_country_is_refused(written, code):
    with pytest.raises(Refused) as error:
        clean_msisdn(written, "KE")
    assert (error.value.field, error.value.code) == ("msisdn", code)


@pytest.mark.parametrize(
    ("amount", "currency", "field", "code"),
    [
        ("10.50", "UGX", "amount", "decimals"),
        ("10.505", "GHS", "amount", "decimals"),
        ("0", "UGX", "amount", "invalid"),
        ("-1", "UGX", "amount", "invalid"),
        ("NaN", "UGX", "amount", "invalid"),
        ("10", "JPY", "currency", "not_taken"),
    ],
)
def test_an_amount_that_is_not_taken_is_refused(amount, currency, field, code):
    with pytest.raises(Refused) as error:
        clean_amount(Decimal(amount), currency, DECIMALS)
    assert (error.value.field, error.value.code) == (field, code)


def test_an_amount_gets_the_decimals_that_the_provider_wants():
    assert str(clean_amount(Decimal("10.00"), "UGX", DECIMALS)) == "10"
    assert str(clean_amount(Decimal("10"), "GHS", DECIMALS)) == "10.00"


@pytest.mark.field(number=11)
@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ('R&D "x" 🙂', "R D x"),
        ("", "Payment"),
        ("🙂&<>", "Payment"),
        ("Rent, March - flat 3.", "Rent, March - flat 3."),
        ("a\nb\t c", "a b c"),
        ("x" * 200, "x" * 160),
        ("Nakato’s", "Nakato s"),
    ],
)
def test_a_text_is_reduced_to_what_all_take_and_never_to_nothing(written, sent):
    assert clean_text(written, 160, instead="Payment") == sent
