"""Whether two names are of one person."""

from __future__ import annotations

import pytest

from hoardrun.payments.names import compare


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ("Sarah Nakato", "NAKATO SARAH", "same"),
        ("Sarah Nakato", "Sarah Namuli Nakato", "same"),
        ("Sarah Nakatto", "Sara Nakato", "same"),
        ("José Mugisha", "Jose MUGISHA", "same"),
        ("Wanjikũ Ng'ang'a", "Wanjiku Ng'ang'a", "same"),
        ("Sarah Nakato", "Sarah Okello", "similar"),
        ("Sarah", "Sarah", "similar"),
        ("S. Nakato", "Sarah Nakato", "similar"),
        ("Sarah Nakato", "Peter Okello", "other"),
        ("Sarah Nakato", "", "other"),
        ("", "", "other"),
        ("Ali Ali", "Ali Omar", "similar"),
    ],
)
def test_names_are_compared_word_by_word(ours, theirs, verdict):
    assert compare(ours, theirs) == verdict
    assert compare(theirs, ours) == verdict
