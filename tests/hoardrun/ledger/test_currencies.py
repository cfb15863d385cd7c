"""The table of currencies against CLDR's, as Babel ships it."""

from __future__ import annotations

from babel.core import get_global
from babel.numbers import get_currency_precision, list_currencies

from hoardrun.ledger.currencies import EXPONENTS
from hoardrun.ledger.money import DECIMAL_PLACES, Currency

# Of these, coins of the smaller unit exist in ISO 4217 and no longer in purses.
WITHOUT_COINS = {
    "AFN",
    "ALL",
    "COP",
    "HUF",
    "IDR",
    "IQD",
    "IRR",
    "KPW",
    "LAK",
    "LBP",
    "MGA",
    "MMK",
    "SOS",
    "SYP",
    "YER",
}


def test_it_has_the_decimals_that_babel_knows():
    known = list_currencies()
    differing = {
        code
        for code, exponent in EXPONENTS.items()
        if code in known and get_currency_precision(code) != exponent
    }
    assert differing == WITHOUT_COINS


def test_it_has_every_currency_that_is_legal_tender_somewhere():
    now = {
        code
        for rows in get_global("territory_currencies").values()
        for code, _, end, is_tender in rows
        if end is None and is_tender
    }
    assert now - EXPONENTS.keys() == set()


def test_columns_hold_every_decimal_of_the_currencies_that_accounts_are_kept_in():
    assert max(currency.exponent for currency in Currency) <= DECIMAL_PLACES
