"""A word that is a whole SMS ends optional ones or begins them; nothing else does."""

from __future__ import annotations

import pytest

from notifications import languages
from notifications.channels.sms import gsm
from notifications.hooks.words import ANSWERS, is_of_twilio, wants


@pytest.mark.parametrize(
    "text",
    ["STOP", " stop. ", "Stop!", "STOP ALL", "stopall", "UNSUBSCRIBE", "Acha", "SIMAMISHA", "ARRET"]
    + ["Arrêt !", "ARRE\u0302T", "\u200bSTOP".strip("\u200b"), "ｓｔｏｐ"],
)
def test_what_ends(text: str) -> None:
    assert wants(text) is False


@pytest.mark.parametrize("text", ["START", "start ", "Unstop", "ANZA"])
def test_what_begins(text: str) -> None:
    assert wants(text) is True


@pytest.mark.parametrize(
    "text", ["", "   ", "?", "stop that payment", "please stop", "stops", "don't stop", "yes", "1"]
)
def test_what_says_nothing(text: str) -> None:
    assert wants(text) is None
    assert not is_of_twilio(text)


def test_twilio_answers_its_own_words() -> None:
    assert is_of_twilio("Stop!") and is_of_twilio("START")
    assert not is_of_twilio("SIMAMISHA") and not is_of_twilio("ANZA")


@pytest.mark.parametrize("language", languages.CODES)
def test_each_answer_is_one_sms_and_names_the_word_that_undoes_it(language: str) -> None:
    for is_on, text in ANSWERS[language].items():
        assert gsm.segments(text) == 1 and gsm.replace(text) == text
        undo = [word for word in text.split() if word.isupper() and wants(word) is (not is_on)]
        assert len(undo) == 1, text
