"""Which column of a file is what."""

from __future__ import annotations

import pytest

from hoardrun.payments.statements.columns import LAYOUTS, NEEDED, tidy
from tests.hoardrun.payments.statements.support import AIRTEL, DARAJA, MTN


def test_each_layout_can_be_read():
    for layout in LAYOUTS.values():
        assert set(layout.columns) >= NEEDED
        assert all(word == tidy(word) for word in (*layout.completed, *layout.fees))
        words = (*layout.incoming, *layout.outgoing, *layout.reversals)
        assert all(word == tidy(word) for word in words)


@pytest.mark.parametrize(
    ("provider", "text", "row"), [("daraja", DARAJA, 4), ("mtn", MTN, 0), ("airtel", AIRTEL, 0)]
)
def test_a_header_is_known_by_what_it_must_have(provider, text, row):
    rows = [line.split(",") for line in text.splitlines()]
    found = LAYOUTS[provider].places(rows[row])
    assert found is not None
    assert (found["receipt"], found["at"]) == (0, 2 if provider == "mtn" else 1)
    assert LAYOUTS[provider].places(rows[row + 1]) is None


def test_names_of_columns_differ_in_case_and_blanks():
    row = ["RECEIPT  NO.", " completion time", "Transaction Status ", "PAID IN", "withdrawn"]
    found = LAYOUTS["daraja"].places(row)
    assert found == {"receipt": 0, "at": 1, "status": 2, "paid_in": 3, "withdrawn": 4}
    assert LAYOUTS["daraja"].places(row[:4]) is None
