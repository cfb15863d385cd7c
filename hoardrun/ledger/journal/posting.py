"""Write postings: the only place that does. Called inside the transaction that moves the money."""

from __future__ import annotations

from collections.abc import Sequence

from hoardrun.ledger.journal.books import books_of
from hoardrun.ledger.journal.drafts import Draft
from hoardrun.ledger.journal.errors import BookChanged, SourceReused
from hoardrun.ledger.journal.models import Book, Posting


def post(drafts: Sequence[Draft]) -> list[Posting]:
    """Write postings in this order; return them, or what was written before of the same source.

    The accounts of all customers' books must be locked. Raises SourceReused if a source was
    posted with something else: silence there would lose money.
    """
    sources = [name for draft in drafts for name in (draft.source, draft.undoes) if name]
    known = {row.source: row for row in Posting.objects.filter(source__in=sources)}
    new = [draft for draft in drafts if not _is_posted(draft, known.get(draft.source))]
    if not new:
        return [known[draft.source] for draft in drafts]
    books = books_of({place for draft in new for place in (draft.debit, draft.credit)})
    before = {book.pk: book.version for book in books.values()}
    for draft in new:
        known[draft.source] = _row(draft, books[draft.debit], books[draft.credit], known)
    Posting.objects.bulk_create([known[draft.source] for draft in new])
    for book in sorted(books.values(), key=lambda book: book.pk):
        if book.version != before[book.pk]:
            _save(book, before[book.pk])
    return [known[draft.source] for draft in drafts]


def _is_posted(draft: Draft, row: Posting | None) -> bool:
    if row is None:
        return False
    pairs = {
        "amount": (row.minor, draft.minor),
        "currency": (row.currency, draft.debit.currency),
        "transaction": (row.txn_id, draft.txn_id),
    }
    if differing := [name for name, (one, other) in pairs.items() if one != other]:
        raise SourceReused(draft.source, differing)
    return True


def _row(draft: Draft, debit: Book, credit: Book, known: dict[str, Posting]) -> Posting:
    row = Posting(
        debit=debit,
        credit=credit,
        minor=draft.minor,
        currency=draft.debit.currency,
        kind=draft.kind,
        txn_id=draft.txn_id,
        source=draft.source,
        # None, if what it undoes is older than the journal.
        reverses=known.get(draft.undoes),
    )
    if draft.event_at is not None:
        row.event_at = draft.event_at
    row.debit_balance, row.debit_version = _moved(debit, -draft.minor)
    row.credit_balance, row.credit_version = _moved(credit, draft.minor)
    return row


def _moved(book: Book, minor: int) -> tuple[int | None, int | None]:
    """Add to a customer's book; return its balance and version after that."""
    if book.balance is not None and book.version is not None:
        book.balance += minor
        book.version += 1
    return book.balance, book.version


def _save(book: Book, version: int | None) -> None:
    rows = Book.objects.filter(pk=book.pk, version=version)
    if not rows.update(balance=book.balance, version=book.version):
        raise BookChanged(book)
