"""Compare our books with what providers say that we have with them.

A balance is told at some moment between two reads of the books, so what either of them allows is
right. What differs for a while is a finding: money that came without a payment, a charge that
nobody has booked, or a float that was never booked as paid in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from hoardrun.ledger.journal.choices import BookKind
from hoardrun.ledger.journal.days import balance_of
from hoardrun.ledger.journal.findings import Finding, money_text
from hoardrun.ledger.journal.models import Book, FloatCheck
from realtime import clock

LASTS = timedelta(minutes=10)  # providers and we may see a payment a while apart

# A provider and a currency.
Purse = tuple[str, str]


class Bounds(NamedTuple):
    """The least and the most that a provider may say, in minor units."""

    least: int
    most: int


def bounds_of(
    purses: Iterable[Purse], coming: Mapping[Purse, int], going: Mapping[Purse, int]
) -> dict[Purse, Bounds]:
    """Read what our books allow each provider to say now.

    `coming` and `going` are what is under way: the provider may have it already, or no more,
    while the book has not.
    """
    floats = Book.objects.filter(kind=BookKind.FLOAT)
    # Money comes from the book to customers: what is at the provider is the debit.
    booked = {(book.provider, book.currency): -balance_of(book) for book in floats}
    return {
        purse: Bounds(
            booked.get(purse, 0) - going.get(purse, 0), booked.get(purse, 0) + coming.get(purse, 0)
        )
        for purse in purses
    }


def told_store(
    told: Mapping[Purse, int], before: Mapping[Purse, Bounds], after: Mapping[Purse, Bounds]
) -> None:
    """Store what providers said, and since when that differs from our books.

    `before` and `after` are what the books allowed when they were asked, and when they had
    answered.
    """
    now = clock.now()
    for purse, minor in told.items():
        provider, currency = purse
        least = min(before[purse].least, after[purse].least)
        most = max(before[purse].most, after[purse].most)
        row = FloatCheck.objects.filter(provider=provider, currency=currency).first()
        row = row or FloatCheck(provider=provider, currency=currency)
        row.told, row.least, row.most, row.checked_at = minor, least, most, now
        row.differs_since = (row.differs_since or now) if row.difference else None
        row.save()


def floats_findings() -> Iterator[Finding]:
    """Check the last word of each provider; what has begun to differ just now may still agree."""
    since = clock.now() - LASTS
    for row in FloatCheck.objects.filter(differs_since__lte=since).order_by("pk"):
        yield Finding(
            "float",
            None,
            f"balance at {row.provider}",
            expected_text(row),
            money_text(row.told, row.currency),
        )


def expected_text(row: FloatCheck) -> str:
    """Write what our books allow."""
    least = money_text(row.least, row.currency)
    return least if row.least == row.most else f"{least} to {money_text(row.most, row.currency)}"
