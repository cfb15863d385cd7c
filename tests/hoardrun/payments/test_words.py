"""Every reason has words that a customer can act on."""

from __future__ import annotations

import pytest

from hoardrun.payments.evidence import DOUBTS, ENDINGS
from hoardrun.payments.words import text_of


@pytest.mark.parametrize("reason", sorted(DOUBTS | set(ENDINGS)))
def test_each_reason_is_a_sentence(reason: str):
    words = text_of(reason)
    assert words[0].isupper() and words.endswith(".") and "_" not in words


def test_a_difference_is_looked_at():
    assert text_of("amount") == text_of("payer") == "We are looking at this payment."
