"""The SMS of an emergency announcement: its own text in a language, else what it says itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from notifications import languages
from notifications.brand import brand
from notifications.channels.sms import gsm
from notifications.kinds.system import EMERGENCY, Emergency
from notifications.texts.render import render


class Sms(NamedTuple):
    """What is sent in one language: the values of the texts, the language, and the segments."""

    values: Emergency
    locale: str
    segments: int


def locale_of(*wanted: str) -> str:
    """Return the locale in which a reader gets it, such as `sw-KE`."""
    return str(languages.choose(*wanted, brand().locale)).replace("_", "-")


def sms(title: str, message: str, texts: Mapping[str, str], locale: str) -> Sms:
    """Make the SMS in a locale.

    The announcement's own words are its title and its message, or the message alone if only that
    fits into one segment.
    """
    own = texts.get(languages.choose(locale).language)
    if own:
        return _sized(own, locale)
    both, alone = _sized(f"{title}: {message}", locale), _sized(message, locale)
    return alone if alone.segments == 1 < both.segments else both


def _sized(text: str, locale: str) -> Sms:
    values = Emergency(text=text)
    body = render(EMERGENCY.name, "sms", values, locale=locale).body
    return Sms(values, locale, gsm.segments(body))
