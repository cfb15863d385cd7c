"""What a provider says that we have, against what came and went through it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from hoardrun.ledger.journal.floats import (
    LASTS,
    Bounds,
    bounds_of,
    expected_text,
    floats_findings,
    told_store,
)
from hoardrun.ledger.journal.models import FloatCheck
from hoardrun.ledger.models import Account
from tests.hoardrun.ledger.conftest import complete, create

pytestmark = pytest.mark.django_db

PURSE = ("mpesa", "KES")
ALLOWED = Bounds(1500, 2700)


@pytest.fixture
def moved(kes: Account) -> None:
    """30 came in through M-Pesa, and 10 went out."""
    complete(create(kes, "30", "inbound", provider="mpesa"))
    complete(create(kes, "10", "outbound", provider="mpesa"))


def told(minor: int, before: Bounds = ALLOWED, after: Bounds = ALLOWED) -> FloatCheck:
    told_store({PURSE: minor}, {PURSE: before}, {PURSE: after})
    return FloatCheck.objects.get()


def later(by: timedelta = LASTS) -> None:
    FloatCheck.objects.update(differs_since=F("differs_since") - by)


@pytest.mark.usefixtures("moved")
def test_what_is_under_way_may_be_there_already_or_no_more():
    allowed = bounds_of([PURSE, ("mtn", "UGX")], {PURSE: 700}, {PURSE: 500})
    assert allowed == {PURSE: (1500, 2700), ("mtn", "UGX"): (0, 0)}


@pytest.mark.parametrize(
    ("minor", "difference"), [(1499, -1), (1500, 0), (2700, 0), (2701, 1), (0, -1500)]
)
def test_what_is_beyond_that_differs(minor: int, difference: int):
    row = told(minor)
    assert (row.difference, row.differs_since is not None) == (difference, difference != 0)


def test_a_payment_that_ends_while_a_provider_is_asked_is_no_difference():
    assert told(1000, Bounds(1000, 1000), Bounds(2000, 2000)).difference == 0
    assert told(2000, Bounds(1000, 1000), Bounds(2000, 2000)).difference == 0
    assert told(2001, Bounds(1000, 1000), Bounds(2000, 2000)).difference == 1


def test_what_differs_for_a_while_is_found():
    told(2701)
    assert list(floats_findings()) == []
    later()
    told(2800)
    [finding] = floats_findings()
    assert (finding.check, finding.what) == ("float", "balance at mpesa")
    assert (finding.expected, finding.found) == ("KES 15.00 to KES 27.00", "KES 28.00")
    told(2700)
    assert list(floats_findings()) == []
    told(2701)  # it begins anew
    assert list(floats_findings()) == []


def test_one_amount_is_written_once():
    assert expected_text(told(5, Bounds(150, 150), Bounds(150, 150))) == "KES 1.50"
