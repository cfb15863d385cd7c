"""The texts that count as visible."""

from __future__ import annotations

import pytest

from notifications import validation
from realtime.errors import InvalidInput


@pytest.mark.parametrize(
    "text",
    [
        "\u200b",  # zero width space
        "\u200e\u200f\u202e",  # marks of direction
        "\u00ad\ufeff",  # a hyphen that is not shown, a byte order mark
        "\u2800",  # a braille cell without dots
        "\u3164\uffa0",  # fillers of Hangul
        "\u0301\ufe0f",  # an accent and a variation of nothing
        "\t\n\u3000",
    ],
)
def test_a_text_that_shows_nothing_is_refused(text: str) -> None:
    for value in (text, f" {text} "):
        with pytest.raises(InvalidInput, match="must not be empty"):
            validation.text("title", value, 200)


@pytest.mark.parametrize(
    "text", ["a", "مرحبا", "\u200fسلام", "नमस्ते", "👩\u200d🚀", "¤", "한", "0", "…"]
)
def test_every_script_is_text(text: str) -> None:
    assert validation.text("title", f" {text}\n", 200) == text
