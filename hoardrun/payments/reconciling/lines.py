"""Book what a line of a statement moved between the float of its provider and a book of ours."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from hoardrun.ledger.journal.booking import book_funding
from hoardrun.ledger.journal.choices import BookKind
from hoardrun.ledger.journal.drafts import Place
from hoardrun.payments.reconciling.models import StatementLine
from hoardrun.payments.reconciling.selectors import AT_ONCE
from realtime.errors import Refused

logger = logging.getLogger(__name__)


def book_line(kind: BookKind, line: StatementLine, amount: Decimal, source: str) -> None:
    """Book that an amount came from the float into a book; below zero, that it went back there.

    `source` has a place for the number of the line. An amount that the ledger cannot hold is
    logged: its finding stays open, and the float will differ. Of a line without an amount, nothing
    is booked.
    """
    if not amount:
        return
    there = Place(BookKind.FLOAT, line.currency, provider=line.provider)
    try:
        book_funding(Place(kind, line.currency), amount, source.format(line.pk), there, at=line.at)
    except Refused as error:
        logger.error("statement line %d is not booked: %s", line.pk, error)


def in_parts(rows: QuerySet[Any]) -> Iterator[list[int]]:
    """Return the keys of rows, as many at once as one transaction takes."""
    keys = list(rows.values_list("pk", flat=True))
    return (keys[at : at + AT_ONCE] for at in range(0, len(keys), AT_ONCE))
