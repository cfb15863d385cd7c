"""The statements that write a posting: one for the row, one for each customer's book.

The first finds the books, looks for the source and for what is reversed, and writes the row with
the balances after it. Separate queries for these took half of what a posting costs.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from django.db import connection

from hoardrun.ledger.journal.drafts import Draft, Place
from hoardrun.ledger.journal.errors import BookChanged
from hoardrun.ledger.journal.models import Book, Posting


class Side(NamedTuple):
    """A book that a posting has moved; its version is None if it is no customer's."""

    book_id: int
    version: int | None


class Written(NamedTuple):
    """A posting that was written."""

    posting_id: int
    debit: Side
    credit: Side


def insert(draft: Draft) -> Written | None:
    """Write a posting; return None if its source was posted, or if a book is missing."""
    debit, credit = draft.debit, draft.credit
    minor = draft.minor
    parameters: list[Any] = [minor, debit.currency, draft.kind, draft.txn_id, draft.source]
    parameters += [minor, minor]
    if draft.event_at is not None:
        parameters.append(connection.ops.adapt_datetimefield_value(draft.event_at))
    if draft.undoes:
        parameters.append(draft.undoes)
    parameters += [*_key(debit), *_key(credit), draft.source]
    statement = _insert(
        debit.account_id is not None,
        credit.account_id is not None,
        draft.event_at is not None,
        bool(draft.undoes),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return None if row is None else Written(row[0], Side(*row[1:3]), Side(*row[3:5]))


def move(side: Side, minor: int) -> None:
    """Bring a customer's book to what the posting says. Raises BookChanged if it has moved."""
    if side.version is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_update(), [minor, side.version, side.book_id, side.version - 1])
        if cursor.rowcount != 1:
            raise BookChanged(f"#{side.book_id}")


@functools.cache
def _insert(debit_is_mine: bool, credit_is_mine: bool, has_time: bool, undoes: bool) -> str:
    """Return the statement for a draft: which books are customers', and what else it has."""
    posting, book = _names()
    values = {
        "debit_id": "d.id",
        "credit_id": "c.id",
        "minor": "%s",
        "currency": "%s",
        "kind": "%s",
        "txn_id": "%s",
        "source": "%s",
        # Of a book without a balance these are NULL.
        "debit_balance": "d.balance - %s",
        "credit_balance": "c.balance + %s",
        "debit_version": "d.version + 1",
        "credit_version": "c.version + 1",
    }
    if has_time:
        values["event_at"] = "%s"
    if undoes:  # it is NULL if what is reversed is older than the journal
        values["reverses_id"] = f"(SELECT id FROM {posting} WHERE source = %s)"
    return (
        f"INSERT INTO {posting} ({', '.join(values)}) "
        f"SELECT {', '.join(values.values())} FROM {book} d, {book} c "
        f"WHERE {_where('d', debit_is_mine)} AND {_where('c', credit_is_mine)} "
        f"AND NOT EXISTS (SELECT 1 FROM {posting} WHERE source = %s) "
        "RETURNING id, debit_id, debit_version, credit_id, credit_version"
    )


@functools.cache
def _update() -> str:
    _, book = _names()
    return f"UPDATE {book} SET balance = balance + %s, version = %s WHERE id = %s AND version = %s"


def _where(alias: str, is_customers: bool) -> str:
    if is_customers:
        return f"{alias}.account_id = %s AND {alias}.currency = %s"
    return (
        f"{alias}.account_id IS NULL AND {alias}.kind = %s AND {alias}.currency = %s "
        f"AND {alias}.provider = %s"
    )


def _key(place: Place) -> tuple[Any, ...]:
    """Return the parameters of `_where`."""
    if place.account_id is not None:
        return (place.account_id, place.currency)
    return (place.kind, place.currency, place.provider)


def _names() -> tuple[str, str]:
    quote = connection.ops.quote_name
    return quote(Posting._meta.db_table), quote(Book._meta.db_table)
