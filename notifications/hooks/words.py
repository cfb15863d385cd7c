"""The words by which somebody ends optional SMS, and begins them again. Pure."""

from __future__ import annotations

import unicodedata

# Twilio answers its own words by itself; the others we answer.
_ANSWERED_BY_PROVIDER = {
    "stop": False, "stopall": False, "unsubscribe": False, "cancel": False, "end": False,
    "quit": False, "start": True, "unstop": True,
}  # fmt: skip
_ANSWERED_BY_US = {
    # English, Swahili, French, Luganda: what they end, and what they begin.
    "stop all": False, "acha": False, "simamisha": False, "arret": False, "arreter": False,
    "koma": False, "anza": True, "reprendre": True, "tandika": True,
}  # fmt: skip
_WORDS = _ANSWERED_BY_PROVIDER | _ANSWERED_BY_US
_ANSWERS = {
    False: "You will get no more optional SMS. Messages about security and payments still come. "
    "Send START to undo.",
    True: "You will get SMS again. Send STOP to end optional ones.",
}


def wants(text: str) -> bool | None:
    """Say whether an SMS begins (True) or ends (False) optional messages; None: neither.

    The word must be the whole text: `stop that payment` ends nothing.
    """
    return _WORDS.get(_word(text))


def answer(text: str) -> str:
    """Return what to answer to an SMS; empty where nothing is, or the provider answers."""
    found = _ANSWERED_BY_US.get(_word(text))
    return "" if found is None else _ANSWERS[found]


def _word(text: str) -> str:
    """Write a text in small letters without accents, marks and surplus blanks."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return " ".join("".join(letters).split())
