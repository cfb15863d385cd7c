"""Find the books that postings need, and make those that are missing."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from hoardrun.ledger.journal.drafts import Place
from hoardrun.ledger.journal.errors import BookChanged
from hoardrun.ledger.journal.models import Book


def books_of(places: Collection[Place]) -> dict[Place, Book]:
    """Return the book of each place. The accounts of customers' books must be locked.

    Raises BookChanged if a customer's book has another currency than its account.
    """
    found = _found(places)
    if missing := set(places) - found.keys():
        # Of two that make one at once, the second waits and then finds the first one's.
        Book.objects.bulk_create(map(_new, sorted(missing, key=str)), ignore_conflicts=True)
        found = _found(places)
        if wrong := set(places) - found.keys():
            raise BookChanged(wrong)
    return found


def _found(places: Collection[Place]) -> dict[Place, Book]:
    wanted = Q()
    for place in places:
        if place.account_id is None:
            wanted |= Q(account=None, kind=place.kind, currency=place[1], provider=place.provider)
        else:
            wanted |= Q(account=place.account_id, currency=place.currency)
    return {
        Place(book.kind, book.currency, book.account_id, book.provider): book
        for book in Book.objects.filter(wanted)
    }


def _new(place: Place) -> Book:
    book = Book(**place._asdict())
    if place.account_id is not None:
        book.balance = book.version = 0
    return book
