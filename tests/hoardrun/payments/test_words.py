"""Every stage and reason has words that a customer can act on, in every language."""

from __future__ import annotations

import re

import pytest

from hoardrun.payments.evidence import DOUBTS, ENDINGS
from hoardrun.payments.states import MEANINGS
from hoardrun.payments.words import reasons, stages, text_of
from notifications.languages import CODES


@pytest.mark.parametrize("language", CODES)
def test_each_reason_is_a_sentence(language: str):
    for reason in DOUBTS | set(ENDINGS):
        words = text_of(reason, language)
        assert words[0].isupper() and words.endswith(".") and "_" not in words
        assert reasons(language)[reason] == words


@pytest.mark.parametrize("language", CODES)
def test_each_stage_has_words_and_names_what_it_should(language: str):
    found = stages(language)
    assert found.keys() == {meaning.stage for meaning in MEANINGS.values()}
    named = {stage: re.findall(r"{(.*?)}", words) for stage, words in found.items()}
    assert {stage: names for stage, names in named.items() if names} == {
        "sent": ["provider"],
        "enter_pin": ["number"],
    }


def test_no_language_says_it_as_another_does():
    words = [[text_of(reason, code) for reason in sorted(ENDINGS)] for code in CODES]
    for row in zip(*words, strict=True):
        assert len(set(row)) == len(CODES), row


def test_a_difference_is_looked_at():
    assert text_of("amount") == text_of("payer") == "We are looking at this payment."
    assert reasons("en")["reviewed"] == text_of("amount")
