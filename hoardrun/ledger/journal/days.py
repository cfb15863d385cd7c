"""The days of the journal that have ended: the balances of our books after each, and a hash of it.

Our books have no balance of their own, since every payment would wait for that row. So theirs is
the one after the last closed day and what was posted since. A day is closed an hour after its end,
when whatever was posted on it has been committed. Its hash is of all its postings and of the hash
before: to change an old posting, one must also change every later day, and the logs.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import msgspec
from django.db.models import Min, QuerySet, Sum

from hoardrun.ledger.journal.findings import Finding
from hoardrun.ledger.journal.models import Book, BookDay, JournalDay, Posting
from realtime.retry import one_transaction

MARGIN = timedelta(hours=1)
_DAY = timedelta(days=1)
_HASHED = (
    *("id", "source", "kind", "currency", "minor", "txn_id", "reverses_id"),
    *("event_at", "booked_at"),
    *("debit_id", "debit_version", "debit_balance"),
    *("credit_id", "credit_version", "credit_balance"),
)

logger = logging.getLogger(__name__)


class Sums(NamedTuple):
    """What the postings of a day are: their number, their hash, and what each of our books got."""

    postings: int
    digest: str
    changes: Counter[int]


def close(now: datetime) -> int:
    """Close the days that have ended; return how many."""
    count = 0
    while (day := _next(now)) is not None:
        row = _close(day)
        count += 1
        # Log it: access to the database does not give access to the logs.
        logger.info("ledger: closed %s, %d postings, %s", row.day, row.postings, row.digest)
    return count


def balance_of(book: Book) -> int:
    """Return what a book has, in minor units."""
    if book.balance is not None:
        return book.balance
    last = JournalDay.objects.order_by("-day").first()
    if last is None:
        return _change(Posting.objects.all(), book)
    rows = BookDay.objects.filter(book=book, day__lte=last.day).order_by("-day")
    before = rows.values_list("balance", flat=True).first() or 0
    return before + _change(Posting.objects.filter(booked_at__gte=_begin(last.day + _DAY)), book)


def days_verify(since: datetime | None = None) -> Iterator[tuple[int, list[Finding]]]:
    """Check that the postings of closed days are those that were, and the balances after each."""
    days = JournalDay.objects.order_by("day")
    before = ""
    if since is not None:
        first = since.astimezone(UTC).date()
        before = _digest_before(first)
        days = days.filter(day__gte=first)
    for row in days.iterator():
        found = _sums(row.day, before)
        findings = []
        if (row.postings, row.digest) != found[:2]:
            what, expected = f"postings of {row.day}", f"{row.postings}, {row.digest}"
            got = f"{found.postings}, {found.digest}"
            findings.append(Finding("day", None, what, expected, got))
        findings += _balance_findings(row.day, found.changes)
        before = row.digest
        yield 1, findings


def _balance_findings(day: date, changes: Counter[int]) -> Iterator[Finding]:
    stored = dict(BookDay.objects.filter(day=day).values_list("book_id", "balance"))
    for pk in sorted(stored.keys() | changes.keys()):
        expected, got = _balance_before(pk, day) + changes[pk], stored.get(pk)
        if got != expected:
            what = f"balance of book #{pk} after {day}"
            yield Finding("day", None, what, str(expected), str(got))


@one_transaction
def _close(day: date) -> JournalDay:
    sums = _sums(day, _digest_before(day))
    row = JournalDay.objects.create(day=day, postings=sums.postings, digest=sums.digest)
    BookDay.objects.bulk_create(
        BookDay(book_id=pk, day=day, balance=_balance_before(pk, day) + change)
        for pk, change in sorted(sums.changes.items())
    )
    return row


def _next(now: datetime) -> date | None:
    """Return the first day that has ended and is not closed."""
    last = JournalDay.objects.order_by("-day").values_list("day", flat=True).first()
    if last is None:
        first = Posting.objects.aggregate(first=Min("booked_at"))["first"]
        if first is None:
            return None
        day = first.astimezone(UTC).date()
    else:
        day = last + _DAY
    return day if _begin(day + _DAY) + MARGIN <= now else None


def _sums(day: date, before: str) -> Sums:
    """Read the postings of a day, in the order in which they were written."""
    rows = Posting.objects.filter(booked_at__gte=_begin(day), booked_at__lt=_begin(day + _DAY))
    digest = hashlib.sha256(before.encode())
    changes: Counter[int] = Counter()
    count = 0
    for row in rows.order_by("pk").values_list(*_HASHED).iterator():
        named = dict(zip(_HASHED, row, strict=True))
        digest.update(msgspec.json.encode(row))
        count += 1
        for side, sign in (("debit", -1), ("credit", 1)):
            if named[f"{side}_version"] is None:
                changes[named[f"{side}_id"]] += sign * named["minor"]
    return Sums(count, digest.hexdigest(), changes)


def _digest_before(day: date) -> str:
    digests = JournalDay.objects.filter(day__lt=day).order_by("-day")
    return digests.values_list("digest", flat=True).first() or ""


def _balance_before(book_id: int, day: date) -> int:
    rows = BookDay.objects.filter(book_id=book_id, day__lt=day).order_by("-day")
    return rows.values_list("balance", flat=True).first() or 0


def _change(rows: QuerySet[Posting], book: Book) -> int:
    sums = {
        side: rows.filter(**{side: book}).aggregate(sum=Sum("minor"))["sum"] or 0
        for side in ("debit", "credit")
    }
    return int(sums["credit"] - sums["debit"])


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
