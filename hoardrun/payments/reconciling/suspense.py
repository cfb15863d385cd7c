"""Book money that a statement has and no payment, until somebody knows whose it is.

The provider has it already, so it is in the float, and in suspense on the other side. What turns
out to be a payment's goes out of there again; a correction, by two persons, moves the rest.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from hoardrun.ledger.journal.choices import BookKind
from hoardrun.ledger.journal.models import Posting
from hoardrun.payments.choices import Kind
from hoardrun.payments.conditions import WAS_PAID
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.reconciling.choices import MatchKind
from hoardrun.payments.reconciling.lines import book_line, in_parts
from hoardrun.payments.reconciling.models import OPEN, Match, StatementFile
from realtime import clock
from realtime.retry import one_transaction

CAME, FOUND = "suspense:{}", "found:{}"  # the sources of the postings of a line


def suspense_book(file: StatementFile) -> None:
    """Book what a file has that no payment here explains."""
    for keys in in_parts(_waiting().filter(file=file)):
        _book(keys)


def suspense_release() -> int:
    """Take out of suspense what payments have booked since; close the findings, return how many.

    So it is when a provider says only after its statement that a payment was paid.
    """
    payments = ProviderPayment.objects.filter(
        WAS_PAID,
        provider=OuterRef("line__provider"),
        provider_txn_id=OuterRef("line__receipt"),
        currency=OuterRef("line__currency"),
    )
    came, went = payments.filter(kind=Kind.COLLECT), payments.exclude(kind=Kind.COLLECT)
    found = _waiting().filter(
        Q(Exists(came), line__goes_out=False) | Q(Exists(went), line__goes_out=True),
        line__kind="payment",
    )
    return sum(map(_release, found.values_list("pk", flat=True)))


def _waiting() -> QuerySet[Match]:
    lines = Match.objects.filter(OPEN, what=MatchKind.MISSING_HERE, line__isnull=False)
    return lines.order_by("pk")


@one_transaction
def _book(keys: list[int]) -> None:
    rows = _waiting().select_for_update(no_key=True, of=("self",)).filter(pk__in=keys)
    for row in rows.select_related("line"):
        assert row.line is not None  # `_waiting` selects them
        book_line(BookKind.SUSPENSE, row.line, row.line.amount, CAME)


@one_transaction
def _release(key: int) -> bool:
    row = _waiting().select_for_update(no_key=True, of=("self",)).filter(pk=key).first()
    if row is None or row.line is None:  # a person was faster
        return False
    if Posting.objects.filter(source=CAME.format(row.line.pk)).exists():
        book_line(BookKind.SUSPENSE, row.line, -row.line.amount, FOUND)
    row.closed_at, row.closed_why = clock.now(), "A payment has it now."
    row.save(update_fields=["closed_at", "closed_why"])
    return True
