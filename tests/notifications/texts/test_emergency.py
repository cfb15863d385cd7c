"""The SMS of an emergency announcement in each language."""

from __future__ import annotations

import pytest

from notifications import languages
from notifications.texts import emergency, render


@pytest.mark.parametrize("code", languages.CODES)
def test_its_frame_leaves_most_of_one_sms_to_the_text(code):
    own = emergency.sms("Title", "Message", {code: "x" * 120}, code)
    assert (own.segments, own.values.text) == (1, "x" * 120)
    assert "hoardrun" in render("system.emergency", "sms", own.values, locale=code).body


def test_it_leaves_the_title_out_if_only_the_message_fits():
    assert emergency.sms("T" * 60, "m" * 100, {}, "en").values.text == "m" * 100
    assert emergency.sms("T" * 20, "m" * 100, {}, "en").values.text == f"{'T' * 20}: {'m' * 100}"
    long = emergency.sms("T" * 60, "m" * 300, {}, "en")
    assert (long.values.text[:4], long.segments) == ("TTTT", 3)


def test_a_reader_without_a_language_has_that_of_the_deployment():
    assert [emergency.locale_of("", "sw_KE"), emergency.locale_of("", "")] == ["sw-KE", "en"]
