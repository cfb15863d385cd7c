"""The words for what a customer sees of a payment, by the codes that programs use. Pure.

`words.toml` is the one table of them. Where it is shown, a page may take all words of a language
at once, from `GET /api/v1/payments/methods`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from hoardrun.payments.evidence import DOUBTS, ENDINGS
from hoardrun.payments.states import MEANINGS

ENGLISH = "en"
# The words of reasons without a row of their own.
UNKNOWN, REVIEWED = "unknown", "reviewed"

_TABLE: Mapping[str, Mapping[str, Mapping[str, str]]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text()
)
assert set(_TABLE["reasons"]) == {*ENDINGS, UNKNOWN, REVIEWED}, "every reason needs its words"
assert set(_TABLE["stages"]) == {each.stage for each in MEANINGS.values()}, "every stage, too"


def text_of(reason: str, language: str = ENGLISH) -> str:
    """Return the words for a reason."""
    return _TABLE["reasons"][_row_of(reason)][language]


def reasons(language: str) -> dict[str, str]:
    """Return the words of all reasons that a stage may have; any other is `reviewed`."""
    return {code: text_of(code, language) for code in sorted({*ENDINGS, *DOUBTS, REVIEWED})}


def stages(language: str) -> dict[str, str]:
    """Return the words of all stages; some have `{number}` or `{provider}` in them."""
    return {stage: words[language] for stage, words in _TABLE["stages"].items()}


def _row_of(reason: str) -> str:
    if reason in ENDINGS:
        return reason
    return UNKNOWN if reason in DOUBTS else REVIEWED
