"""Read statements from the journal. The numbers of an account's postings have no gaps."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet, Sum

from hoardrun.ledger.journal.choices import PostingKind
from hoardrun.ledger.journal.models import Book, Posting
from hoardrun.ledger.models import Account
from hoardrun.ledger.money import amount_of
from hoardrun.ledger.statement.entries import Entry, Summary
from realtime import clock
from realtime.errors import InvalidInput

SIDES = (("debit", -1), ("credit", 1))


def summary_of(
    account: Account, since: datetime | None = None, until: datetime | None = None
) -> Summary:
    """Sum an account up from a moment, by default its beginning, until another or now.

    Raises InvalidInput about `to` if it is before `from`.
    """
    if since is not None and until is not None and until < since:
        raise InvalidInput("to", "Give a moment that is not before `from`.")
    now = clock.now()
    until = now if until is None else min(until, now)
    book = Book.objects.filter(account=account).first()
    before, opening = (0, 0) if since is None else _last(book, booked_at__lt=since)
    # Not less, should the database's clock have been put back between two postings.
    last, closing = max((before, opening), _last(book, booked_at__lte=until))
    sums = {
        name: 0
        if book is None
        else _between(book, name, before, last).aggregate(sum=Sum("minor"))["sum"] or 0
        for name, _ in SIDES
    }
    return Summary(
        account.pk,
        account.currency,
        since,
        until,
        opening_balance=amount_of(opening, account.currency),
        closing_balance=amount_of(closing, account.currency),
        credited=amount_of(sums["credit"], account.currency),
        debited=amount_of(sums["debit"], account.currency),
        first=before + 1,
        last=last,
    )


def entries_of(summary: Summary, *, after: int = 0, limit: int) -> list[Entry]:
    """Read entries of a statement in their order, behind the one with the number `after`."""
    book = Book.objects.filter(account=summary.account_id).first()
    first = max(summary.first - 1, after)
    if book is None or first >= summary.last:
        return []
    last = min(summary.last, first + limit)
    sides = (_entries(book, name, sign, first, last) for name, sign in SIDES)
    return list(heapq.merge(*sides, key=attrgetter("number")))


def _last(book: Book | None, **until: Any) -> tuple[int, int]:
    """Return number and balance of the last posting until a moment; zeros if there is none."""
    found = [(0, 0)]
    for name, _ in SIDES if book is not None else ():
        rows = Posting.objects.filter(**{name: book}, **until).order_by(f"-{name}_version")
        found += rows.values_list(f"{name}_version", f"{name}_balance")[:1]
    return max(found)


def _between(book: Book, name: str, first: int, last: int) -> QuerySet[Posting]:
    numbers = {f"{name}_version__gt": first, f"{name}_version__lte": last}
    return Posting.objects.filter(**{name: book}, **numbers)


def _entries(book: Book, name: str, sign: int, first: int, last: int) -> Iterator[Entry]:
    rows = _between(book, name, first, last).order_by(f"{name}_version")
    for row in rows.select_related("txn__counterpart"):
        txn = row.txn
        if row.kind == PostingKind.TRANSFER and name == "credit" and txn is not None:
            txn = txn.counterpart
        yield Entry(
            getattr(row, f"{name}_version"),
            row.booked_at,
            row.event_at,
            row.kind,
            None if txn is None else txn.pk,
            "" if txn is None else txn.description,
            "" if txn is None else txn.reference,
            sign * amount_of(row.minor, book.currency),
            amount_of(getattr(row, f"{name}_balance"), book.currency),
        )
