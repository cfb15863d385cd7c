"""The words of the page, in the languages of notifications."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

DEFAULT = "en"
_WORDS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)


def of(language: str) -> Mapping[str, str]:
    """Return the words of a language; in English what it does not have."""
    return {**_WORDS[DEFAULT], **_WORDS.get(language, {})}
