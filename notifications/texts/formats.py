"""Write values for people: money, times, names and numbers. Pure; the locale is an argument.

The style is `full` where only the user reads it (in the app, in an e-mail), `short` on a lock
screen, and `sms`. `notifications.channels.sms.gsm` replaces blanks and quotes of an SMS later.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision

from notifications.kinds.values import Money

Style = Literal["full", "short", "sms"]

NAME_WORDS = 2  # of a name, outside the app
NAME_LENGTH = 20
SHOWN_DIGITS = 4  # of an account, at its end

# As CLDR spaces currencies: a letter never touches a digit.
_TOUCHING = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def money(value: Money, locale: Locale, style: Style) -> str:
    """Write an amount, with all its decimals. An SMS has the currency's code and plain blanks."""
    if style == "sms":
        places = max(get_currency_precision(value.currency), _places(value.amount))
        pattern = f"#,##0.{'0' * places}" if places else "#,##0"
        return f"{value.currency} {format_decimal(value.amount, pattern, locale)}"
    text = format_currency(value.amount, value.currency, locale=locale, decimal_quantization=False)
    return _TOUCHING.sub("\u00a0", text)


def moment(value: datetime, locale: Locale, style: Style, zone: ZoneInfo, home: ZoneInfo) -> str:
    """Write a time in a zone; how far that is from UTC is said where the zone is not `home`."""
    local = value.astimezone(zone)
    pattern = "d MMMM y, HH:mm" if style == "full" else "d MMM, HH:mm"
    text = _ascii(format_datetime(local, pattern, locale=locale), style)
    offset = local.utcoffset()
    if offset == value.astimezone(home).utcoffset() or offset is None:
        return text
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    sign = "-" if offset.total_seconds() < 0 else "+"
    return f"{text} UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")


def day(value: date, locale: Locale, style: Style) -> str:
    """Write a date."""
    pattern = "d MMMM y" if style == "full" else "d MMM"
    return _ascii(format_date(value, pattern, locale=locale), style)


def number(value: int | Decimal, locale: Locale) -> str:
    """Write a number."""
    return format_decimal(value, locale=locale, decimal_quantization=False)


def name(value: str, style: Style) -> str:
    """Write a name; outside the app its first two words, and not too long."""
    if style == "full":
        return value
    return shortened(" ".join(value.split()[:NAME_WORDS]), NAME_LENGTH)


def phone(value: str, style: Style) -> str:
    """Write a phone number; outside the app without its middle."""
    return value if style == "full" or len(value) < 8 else f"{value[:4]}***{value[-3:]}"


def account(value: str, style: Style) -> str:
    """Write the last digits of an account's or a card's number."""
    digits = value[-SHOWN_DIGITS:]
    return f"*{digits}" if style == "sms" else f"••{digits}"


def shortened(text: str, length: int) -> str:
    """Cut a text at a word, or within one that is too long by itself."""
    if len(text) <= length:
        return text
    words, _, _ = text[:length].rpartition(" ")
    kept = words if len(words) > length // 2 else text[: length - 1]
    return f"{kept.rstrip(' ,.;:')}…"


def _ascii(text: str, style: Style) -> str:
    """Take the accents off the name of a month: one may double the price of an SMS."""
    if style != "sms":
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if c.isascii())


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


SHOWN_AS: dict[Any, Callable[[str, Style], str]] = {
    "name": name,
    "phone": phone,
    "account": account,
}
