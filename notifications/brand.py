"""The brand of the deployment: its name, its look, and its contact for customers.

Texts read nothing else of the settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from notifications.languages import CODES, find
from realtime.option_fields import option, text

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_LONGEST = 30  # an SMS has to fit the name and the contact


def _parse_color(given: str) -> str:
    if not _COLOR.fullmatch(given):
        raise ValueError("is no color: write it like #0f5132.")
    return given


def _parse_zone(given: str) -> str:
    try:
        return ZoneInfo(given).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone: write it like Africa/Kampala.") from None


def _parse_locale(given: str) -> str:
    if find(given) is None:
        raise ValueError(f"is no locale of these languages: {', '.join(CODES)}.")
    return given


def _parse_name(given: str) -> str:
    if not given.strip():
        raise ValueError(f"takes 1 to {_LONGEST} characters.")
    return _parse_contact(given)


def _parse_contact(given: str) -> str:
    if len(given.strip()) > _LONGEST:
        raise ValueError(f"takes 1 to {_LONGEST} characters.")
    return given.strip()


@dataclass(frozen=True)
class Brand:
    """The options of the brand; settings.BRAND is one."""

    PREFIX: ClassVar[str] = "BRAND_"

    name: str = option("hoardrun", _parse_name)
    """The name that customers know, at most 30 characters."""
    color: str = option("#0f5132", _parse_color)
    """The color of the buttons in e-mails; white letters must be readable on it."""
    support: str = option("", _parse_contact)
    """The number or the address of customer service, at most 30 characters, such as
    `0800 100 200`; texts that ask for a call leave that out without it."""
    footer: str = text()
    """A line at the end of each e-mail, such as the company's address and its licence."""
    locale: str = option("en", _parse_locale)
    """The language, with its region, for users who have chosen none, such as `en-UG`."""
    zone: str = option("UTC", _parse_zone)
    """The time zone for users who have chosen none, such as `Africa/Kampala`; times in other zones
    say how far they are from UTC."""


def brand() -> Brand:
    """Return the brand of this deployment."""
    found: Brand = settings.BRAND
    return found
