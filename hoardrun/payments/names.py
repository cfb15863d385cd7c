"""Compare the name of a wallet's owner at the provider with our customer's. Pure.

Only the verdict is to be stored, never the provider's name.
"""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher
from typing import Literal

Verdict = Literal["same", "similar", "other"]
ALIKE = 0.84  # of two words: a letter left out, or two in the wrong order
NEEDED = 2  # words that must agree before two names are one


def compare(ours: str, theirs: str) -> Verdict:
    """Compare two names by their words, in any order, without accents.

    `same` needs all words of the shorter name, and two at least; one word is `similar`, which a
    person looks at.
    """
    shorter, longer = sorted((_words(ours), _words(theirs)), key=len)
    left = list(longer)
    for word in shorter:
        if (found := next((each for each in left if _alike(word, each)), None)) is not None:
            left.remove(found)
    agreeing = len(longer) - len(left)
    if agreeing == len(shorter) and agreeing >= NEEDED:
        return "same"
    return "similar" if agreeing else "other"


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(
        each if each.isalpha() else " " for each in plain if not unicodedata.combining(each)
    )
    return [word for word in letters.split() if len(word) > 1]


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(a=one, b=other).ratio() >= ALIKE
