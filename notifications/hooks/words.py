"""The words by which somebody ends optional SMS, and begins them again. Pure."""

from __future__ import annotations

import unicodedata

# Twilio answers its own words by itself.
_OF_TWILIO = {
    "stop": False, "stopall": False, "unsubscribe": False, "cancel": False, "end": False,
    "quit": False, "start": True, "unstop": True,
}  # fmt: skip
_MORE = {
    # English, Swahili, French, Luganda: what they end, and what they begin.
    "stop all": False, "acha": False, "simamisha": False, "arret": False, "arreter": False,
    "koma": False, "anza": True, "reprendre": True, "tandika": True,
}  # fmt: skip
_WORDS = _OF_TWILIO | _MORE
# One SMS each: letters of GSM-7 only.
ANSWERS: dict[str, dict[bool, str]] = {
    "en": {
        False: "You will get no more optional SMS. Messages about security and payments still "
        "come. Send START to undo.",
        True: "You will get SMS again. Send STOP to end optional ones.",
    },
    "sw": {
        False: "Hutapokea tena SMS za hiari. Ujumbe wa usalama na malipo utaendelea kuja. "
        "Tuma ANZA ili kuzirudisha.",
        True: "Utapokea SMS tena. Tuma SIMAMISHA ili kusitisha za hiari.",
    },
    "fr": {
        False: "Vous ne recevrez plus de SMS facultatifs, mais toujours ceux de sécurité et de "
        "paiement. Envoyez REPRENDRE pour annuler.",
        True: "Vous recevrez de nouveau nos SMS. Envoyez ARRET pour ne plus recevoir les "
        "facultatifs.",
    },
    "lg": {
        False: "Tojja kuddamu kufuna SMS ez'okweyagalira. Ez'obukuumi n'okusasula zijja kusigala "
        "nga zijja. Weereza TANDIKA okuzizzaawo.",
        True: "Ojja kuddamu okufuna SMS. Weereza KOMA okukomya ez'okweyagalira.",
    },
}


def wants(text: str) -> bool | None:
    """Say whether an SMS begins (True) or ends (False) optional messages; None: neither.

    The word must be the whole text: `stop that payment` ends nothing.
    """
    return _WORDS.get(_word(text))


def is_of_twilio(text: str) -> bool:
    """Say whether Twilio answers an SMS by itself."""
    return _word(text) in _OF_TWILIO


def _word(text: str) -> str:
    """Write a text in small letters without accents, marks and surplus blanks."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return " ".join("".join(letters).split())
