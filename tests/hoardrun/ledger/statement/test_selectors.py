"""A statement says what an account had on any day, whatever has been reversed since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import models
from django.db.models import F

from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_carry
from hoardrun.ledger.statement.selectors import entries_of, summary_of
from realtime import append_only
from realtime.errors import InvalidInput
from tests.hoardrun.ledger.conftest import create, move, paid, set_status

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 11, 1, tzinfo=UTC)


def each_on_its_day() -> None:
    """Book the postings, in their order, on the 1st, the 2nd, and so on at noon."""
    append_only.remove("default", "UPDATE")
    for days, pk in enumerate(Posting.objects.order_by("pk").values_list("pk", flat=True)):
        noon = DAY + timedelta(days=days, hours=12)
        models.QuerySet(Posting).filter(pk=pk).update(booked_at=noon)
    append_only.install("default")


@pytest.fixture
def lived(kes: Account) -> Account:
    """Opened on the 1st; +10 on the 2nd, -30 on the 3rd, and those 30 come back on the 4th."""
    paid(kes, "10", "inbound")
    spent = paid(kes, "30")
    move(spent, "reversed")
    each_on_its_day()
    return kes


@pytest.mark.parametrize(
    ("since", "until", "opening", "closing", "amounts"),
    [
        (None, None, "0", "1010", ["1000", "10", "-30", "30"]),
        (None, 2, "0", "1010", ["1000", "10"]),
        (3, 3, "1010", "980", ["-30"]),
        (2, 4, "1000", "1010", ["10", "-30", "30"]),
        (5, 9, "1010", "1010", []),
        (None, -3, "0", "0", []),
    ],
)
def test_it_balances_between_any_two_days(
    lived: Account,
    since: int | None,
    until: int | None,
    opening: str,
    closing: str,
    amounts: list[str],
):
    first = None if since is None else DAY + timedelta(days=since - 1)
    last = None if until is None else DAY + timedelta(days=until) - timedelta(microseconds=1)
    summary = summary_of(lived, first, last)
    if since is None and until is None:
        closing = "1010"
    assert (summary.opening_balance, summary.closing_balance) == (
        Decimal(opening),
        Decimal(closing),
    )
    entries = entries_of(summary, limit=10)
    assert [entry.amount for entry in entries] == [Decimal(amount) for amount in amounts]
    assert summary.size == len(entries)
    assert summary.opening_balance + summary.credited - summary.debited == summary.closing_balance


def test_pages_follow_each_other(lived: Account):
    summary = summary_of(lived)
    pages = [entries_of(summary, after=after, limit=3) for after in (0, 3, 4)]
    assert [[entry.number for entry in page] for page in pages] == [[1, 2, 3], [4], []]
    assert [entry.balance_after for entry in pages[0]] == [1000, 1010, 980]


def test_each_side_of_a_transfer_reads_its_own_transaction(kes: Account, other: Account):
    set_status(kes, "closed")
    gives, takes = account_carry(account_id=kes.pk, onto=other.pk)
    [entry] = entries_of(summary_of(kes), after=1, limit=5)
    assert (entry.transaction_id, entry.amount, entry.balance_after) == (gives.pk, -1000, 0)
    [entry] = entries_of(summary_of(other), limit=5)
    assert (entry.transaction_id, entry.amount, entry.balance_after) == (takes.pk, 1000, 1000)
    assert entry.description == takes.description


def test_an_account_without_a_posting_has_nothing(other: Account):
    create(other, "5", "inbound")
    summary = summary_of(other)
    assert (summary.size, summary.closing_balance, entries_of(summary, limit=5)) == (0, 0, [])


def test_it_refuses_an_end_before_the_beginning(kes: Account):
    with pytest.raises(InvalidInput, match="before `from`"):
        summary_of(kes, DAY, DAY - timedelta(seconds=1))


def test_a_clock_that_was_put_back_leaves_nothing_out(lived: Account):
    append_only.remove("default", "UPDATE")
    rows: Any = models.QuerySet(Posting)
    rows.filter(kind="settle", txn__direction="inbound").update(
        booked_at=F("booked_at") + timedelta(days=5)
    )
    append_only.install("default")
    summary = summary_of(lived, DAY + timedelta(days=2), DAY + timedelta(days=4))
    assert summary.opening_balance + summary.credited - summary.debited == summary.closing_balance
