"""Make the books that postings need."""

from __future__ import annotations

from collections.abc import Collection

from hoardrun.ledger.journal.drafts import Place
from hoardrun.ledger.journal.models import Book


def books_make(places: Collection[Place]) -> None:
    """Make the book of each place that has none. The accounts of customers' must be locked."""
    # Of two that make one at once, the second waits and then leaves the first one's.
    Book.objects.bulk_create(map(_new, sorted(places, key=str)), ignore_conflicts=True)


def _new(place: Place) -> Book:
    book = Book(**place._asdict())
    if place.account_id is not None:
        book.balance = book.version = 0
    return book
