"""What a provider says that we have, against what came and went through it."""

from __future__ import annotations

import pytest

from hoardrun.ledger.journal.floats import floats_findings
from hoardrun.ledger.models import Account
from tests.hoardrun.ledger.conftest import complete, create

pytestmark = pytest.mark.django_db

PURSE = ("mpesa", "KES")


@pytest.fixture(autouse=True)
def moved(kes: Account) -> None:
    """30 came in through M-Pesa, and 10 went out."""
    complete(create(kes, "30", "inbound", provider="mpesa"))
    complete(create(kes, "10", "outbound", provider="mpesa"))


@pytest.mark.parametrize("told", [1500, 1999, 2000, 2700])
def test_what_is_under_way_may_be_there_already_or_no_more(told: int):
    assert list(floats_findings({PURSE: told}, {PURSE: 700}, {PURSE: 500})) == []


@pytest.mark.parametrize(
    ("told", "coming", "expected"),
    [
        (1499, {PURSE: 700}, "KES 15.00 to KES 27.00"),
        (2701, {PURSE: 700}, "KES 15.00 to KES 27.00"),
        (2001, {}, "KES 15.00 to KES 20.00"),
    ],
)
def test_what_is_beyond_that_is_found(told: int, coming: dict, expected: str):
    [finding] = floats_findings({PURSE: told}, coming, {PURSE: 500})
    assert (finding.check, finding.what) == ("float", "balance at mpesa")
    assert (finding.expected, finding.found) == (expected, f"KES {told / 100:.2f}")


def test_money_where_nothing_was_booked_is_found():
    [finding] = floats_findings({("airtel_money", "KES"): 1}, {}, {})
    assert (finding.expected, finding.found) == ("KES 0.00", "KES 0.01")
