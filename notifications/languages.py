"""The languages of texts, and how a user's locale becomes one of them. No Django, no I/O."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError

LANGUAGES = (("en", "English"), ("sw", "Kiswahili"), ("fr", "Français"), ("lg", "Luganda"))
CODES = tuple(code for code, _ in LANGUAGES)
# Languages that Django does not know by itself: see `hoardrun.settings`.
LANG_INFO: dict[str, dict[str, Any]] = {
    "lg": {"bidi": False, "code": "lg", "name": "Ganda", "name_local": "Luganda"}
}


@lru_cache(maxsize=1000)
def find(wanted: str) -> Locale | None:
    """Return the locale of that name, or that of its language alone; None if we have no texts.

    `sw-KE` and `sw_KE` are Kiswahili as written in Kenya: the language chooses the texts, the
    region decides how Babel writes numbers and dates.
    """
    name = wanted.replace("-", "_")
    for each in (name, name.partition("_")[0]):
        try:
            locale = Locale.parse(each)
        except (UnknownLocaleError, ValueError):
            continue
        if locale.language in CODES:
            return locale
    return None


def choose(*wanted: str) -> Locale:
    """Return the first of these locales that we have texts for; English without one."""
    found = (find(each) for each in (*wanted, CODES[0]) if each)
    return next(locale for locale in found if locale)
