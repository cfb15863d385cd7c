"""Money, times, names and numbers as people of a language write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from notifications.channels.sms import gsm
from notifications.kinds.values import Money
from notifications.texts import formats

EVENING = datetime(2026, 8, 29, 16, 5, tzinfo=UTC)
UTC_ZONE, KAMPALA, KOLKATA = map(ZoneInfo, ("UTC", "Africa/Kampala", "Asia/Kolkata"))


@pytest.mark.parametrize(
    ("locale", "amount", "currency", "full", "sms"),
    [
        ("en_UG", "1250000", "UGX", "USh\u00a01,250,000", "UGX 1,250,000"),
        ("en", "1250000.00", "UGX", "UGX\u00a01,250,000", "UGX 1,250,000"),
        ("en_KE", "1250.5", "USD", "US$1,250.50", "USD 1,250.50"),
        ("sw", "1250.5", "KES", "Ksh\u00a01,250.50", "KES 1,250.50"),
        ("fr", "1250.5", "KES", "1\u202f250,50\u00a0KES", "KES 1 250,50"),
        ("lg", "1250000", "UGX", "1,250,000\u00a0USh", "UGX 1,250,000"),
        # Nothing is rounded away.
        ("en", "0.005", "USD", "$0.005", "USD 0.005"),
        ("en", "10.5", "UGX", "UGX\u00a010.5", "UGX 10.5"),
    ],
)
def test_money(locale: str, amount: str, currency: str, full: str, sms: str):
    money = Money(Decimal(amount), currency)
    assert formats.money(money, Locale.parse(locale), "full") == full
    assert gsm.replace(formats.money(money, Locale.parse(locale), "sms")) == sms


@pytest.mark.parametrize(
    ("locale", "zone", "full", "sms"),
    [
        ("en", UTC_ZONE, "29 August 2026, 16:05", "29 Aug, 16:05"),
        ("en", KAMPALA, "29 August 2026, 19:05 UTC+3", "29 Aug, 19:05 UTC+3"),
        ("sw", KAMPALA, "29 Agosti 2026, 19:05 UTC+3", "29 Ago, 19:05 UTC+3"),
        ("fr", KOLKATA, "29 août 2026, 21:35 UTC+5:30", "29 aout, 21:35 UTC+5:30"),
        ("lg", UTC_ZONE, "29 Agusito 2026, 16:05", "29 Agu, 16:05"),
    ],
)
def test_a_time_is_that_of_its_reader_and_says_where_it_differs(
    locale: str, zone: ZoneInfo, full: str, sms: str
):
    def written(style: formats.Style, home: ZoneInfo = UTC_ZONE) -> str:
        return formats.moment(EVENING, Locale.parse(locale), style, zone, home)

    assert (written("full"), written("sms")) == (full, sms)
    assert "UTC" not in written("full", home=zone)


def test_a_zone_behind_utc():
    new_york = ZoneInfo("America/New_York")
    text = formats.moment(EVENING, Locale.parse("en"), "full", new_york, UTC_ZONE)
    assert text == "29 August 2026, 12:05 UTC-4"


def test_a_date_of_an_sms_has_no_letter_that_costs_more():
    august = date(2026, 8, 9)
    assert formats.day(august, Locale.parse("fr"), "full") == "9 août 2026"
    assert formats.day(august, Locale.parse("fr"), "short") == "9 août"
    for locale in ("en", "sw", "fr", "lg"):
        for month in range(1, 13):
            text = formats.day(date(2026, month, 1), Locale.parse(locale), "sms")
            assert gsm.is_gsm(text), text


def test_a_name_has_two_words_outside_the_app():
    long = "Nakato Namutebi Trading Company"
    assert formats.name(long, "full") == long
    assert formats.name(long, "short") == formats.name(long, "sms") == "Nakato Namutebi"
    assert formats.name("Ŋŋooma", "sms") == "Ŋŋooma"  # letters stay, whatever they cost
    assert formats.name("Internationalization-Company Ltd", "short") == "Internationalizatio…"


def test_a_phone_number_hides_its_middle_outside_the_app():
    assert formats.phone("0722123456", "full") == "0722123456"
    assert formats.phone("0722123456", "sms") == "0722***456"
    assert formats.phone("40404", "sms") == "40404"  # a short code is no secret


def test_an_account_is_its_last_digits_everywhere():
    assert formats.account("0012345678", "full") == formats.account("0012345678", "short")
    assert formats.account("0012345678", "full") == "••5678"
    assert formats.account("0012345678", "sms") == "*5678"


@pytest.mark.parametrize(
    ("text", "length", "cut"),
    [
        ("short", 5, "short"),
        ("one two three", 9, "one two…"),
        ("one two, three", 10, "one two…"),
        ("onetwothree", 6, "onetw…"),
        ("a bcdefghijk", 8, "a bcdef…"),
    ],
)
def test_a_text_is_cut_at_a_word(text: str, length: int, cut: str):
    assert formats.shortened(text, length) == cut
    assert len(cut) <= length
