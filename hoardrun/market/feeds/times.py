"""The times that venues write, as whole microseconds since 1970 in UTC. Pure.

What is finer than a microsecond is cut, as a time must not be later than the venue says.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
_EPOCH = date(1970, 1, 1).toordinal()
_LATEST = (date(9999, 12, 31).toordinal() - _EPOCH + 1) * DAY
# RFC 3339, and what venues make of it: a blank for the T, up to twelve decimals, a zone without
# its colon or its minutes, or none, which means UTC.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?"
    r"(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?",
    re.ASCII,
)


def of_text(text: str) -> int:
    """Read a date with its time, such as `2026-09-10T17:44:12.114514810Z`. Raises ValueError."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no time.")
    day, hours, minutes, seconds, fraction, sign, zone_hours, zone_minutes = found.groups()
    # A leap second is the first moment after it.
    if int(hours) > 23 or int(minutes) > 59 or int(seconds) > 60:
        raise ValueError(f"{text!r} is no time of a day.")
    at = _day(day) + ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * SECOND
    if fraction:
        at += int(fraction[:6].ljust(6, "0"))
    if sign:
        offset = (int(zone_hours) * 60 + int(zone_minutes or 0)) * MINUTE
        at += -offset if sign == "+" else offset
    return _checked(at)


def of_seconds(seconds: Decimal | int) -> int:
    """Read seconds since 1970, such as 1688669597.8277369. Raises ValueError."""
    return _of_number(seconds, SECOND)


def of_milliseconds(milliseconds: Decimal | int) -> int:
    """Read milliseconds since 1970. Raises ValueError."""
    return _of_number(milliseconds, 1000)


def text(at: int) -> str:
    """Write a time in RFC 3339, with all its microseconds."""
    days, rest = divmod(at, DAY)
    seconds, fraction = divmod(rest, SECOND)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{date.fromordinal(_EPOCH + days)}T{clock}.{fraction:06}Z"


def _of_number(number: Decimal | int, unit: int) -> int:
    """Count microseconds. A huge exponent is refused before it is computed."""
    if not 0 <= number <= _LATEST:
        raise ValueError("A number of a time is out of range.")
    return _checked(int(number * unit))


@lru_cache(maxsize=64)
def _day(text: str) -> int:
    return (date.fromisoformat(text).toordinal() - _EPOCH) * DAY


def _checked(at: int) -> int:
    if not 0 <= at < _LATEST:
        raise ValueError("A time is out of range.")
    return at
