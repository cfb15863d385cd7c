"""A word that is a whole SMS ends optional ones or begins them; nothing else does."""

from __future__ import annotations

import pytest

from notifications.hooks.words import answer, wants


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
    assert answer(text) == ""


def test_what_a_provider_answers_by_itself_is_answered_once() -> None:
    assert answer("STOP") == answer("START") == ""
    assert "START" in answer("SIMAMISHA")
    assert "STOP" in answer("ANZA")
    assert all(len(answer(word)) <= 160 for word in ("acha", "anza"))
