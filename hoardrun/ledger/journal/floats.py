"""Compare our books with what providers say that we have with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hoardrun.ledger.journal.choices import BookKind
from hoardrun.ledger.journal.days import balance_of
from hoardrun.ledger.journal.findings import Finding, money_text
from hoardrun.ledger.journal.models import Book

# A provider and a currency.
Purse = tuple[str, str]


def floats_findings(
    told: Mapping[Purse, int], coming: Mapping[Purse, int], going: Mapping[Purse, int]
) -> Iterator[Finding]:
    """Check what providers say, in minor units, against what came and went through them.

    `coming` and `going` are what is under way: the provider may have it already, or no more,
    while the book has not.
    """
    books = {
        (book.provider, book.currency): book for book in Book.objects.filter(kind=BookKind.FLOAT)
    }
    for purse, got in sorted(told.items()):
        book = books.get(purse)
        # Money comes from the book to customers: what is at the provider is the debit.
        booked = 0 if book is None else -balance_of(book)
        least, most = booked - going.get(purse, 0), booked + coming.get(purse, 0)
        if not least <= got <= most:
            provider, currency = purse
            expected = money_text(least, currency)
            if most != least:
                expected += f" to {money_text(most, currency)}"
            yield Finding(
                "float", None, f"balance at {provider}", expected, money_text(got, currency)
            )
