"""From a user's locale to a language that we have."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils.translation import get_language_info

from notifications import languages


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("sw-KE", "sw_KE"),
        ("sw_KE", "sw_KE"),
        ("SW-ke", "sw_KE"),
        ("lg", "lg"),
        ("fr-XX", "fr"),  # a region that nobody has
        ("en-US-x-nothing", "en"),
        ("de-DE", None),
        ("", None),
        ("../../etc/passwd", None),
        ("x" * 300, None),
    ],
)
def test_a_locale_is_found_by_its_language(wanted: str, found: str | None):
    locale = languages.find(wanted)
    assert (None if locale is None else str(locale)) == found


def test_the_first_locale_that_we_have_counts():
    assert str(languages.choose("de", "fr-FR", "lg")) == "fr_FR"
    assert str(languages.choose("", "de")) == "en"


def test_django_knows_each_of_them():
    assert {code for code, _ in settings.LANGUAGES} == set(languages.CODES)
    assert get_language_info("lg")["name_local"] == "Luganda"
