"""Book what providers take from our floats for payments: fees to them, from the book of fees.

The tariff says it when a payment is paid, so that the float agrees at once. The statement says what
was really taken, and the difference is booked then. Of a payment whose charge a statement has had
before, the tariff books nothing. Both hold the payment's lock. That a line is about a payment may
be known only after both are booked, by a receipt that comes last: then the tariff's is booked
back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db.models import QuerySet

from hoardrun.ledger.journal.booking import book_funding
from hoardrun.ledger.journal.choices import BookKind
from hoardrun.ledger.journal.drafts import Place
from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.money import amount_of
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.reconciling.lines import book_line, in_parts
from hoardrun.payments.reconciling.models import StatementFile, StatementLine
from hoardrun.payments.tariffs.charging import charges_of
from hoardrun.payments.tariffs.selectors import day_of
from realtime.retry import one_transaction

# The sources: of a payment; of a line, and of what was booked twice until its payment was known.
BY_TARIFF, BY_LINE, TWICE = "charge:{}", "charged:{}", "uncharged:{}"


def charge_book(row: ProviderPayment) -> None:
    """Book what the tariff says that the provider took for a payment that was paid.

    The payment is locked.
    """
    fee = charges_of(
        provider=row.provider,
        kind=row.kind,
        currency=row.currency,
        amount=row.amount,
        on=day_of(row.created_at),
    )
    if fee is None or not fee.amount:
        return
    if row.provider_txn_id and _lines(row.provider, [row.provider_txn_id]).exists():
        return
    fees = Place(BookKind.FEES, row.currency)
    there = Place(BookKind.FLOAT, row.currency, provider=row.provider)
    book_funding(fees, -fee.amount, BY_TARIFF.format(row.pk), there, txn_id=row.txn_id)


def charges_book(file: StatementFile) -> None:
    """Book what a file says that was taken, beyond what the tariff has said."""
    for keys in in_parts(file.rows.filter(kind="fee").order_by("pk")):
        _book(file.provider, keys)


@one_transaction
def _book(provider: str, keys: list[int]) -> None:
    rows = StatementLine.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    receipts = {row.receipt for row in rows}
    tariff = _by_tariff(provider, receipts)
    first = _firsts(provider, receipts)
    known = _booked(rows)
    for row in rows:
        booked = tariff.get(row.receipt, Decimal(0)) if first[row.receipt] == row.pk else Decimal(0)
        if known.get(row.pk) == abs(row.amount):  # as a whole: its payment was not known then
            book_line(BookKind.FEES, row, booked, TWICE)
        else:
            # What it took stands below zero; what it gave back stands above.
            book_line(BookKind.FEES, row, row.amount + booked, BY_LINE)


def _booked(rows: Iterable[StatementLine]) -> Mapping[int, Decimal]:
    """Return what is booked for lines by now."""
    line_of = {BY_LINE.format(row.pk): row.pk for row in rows}
    found = Posting.objects.filter(source__in=line_of).values_list("source", "minor", "currency")
    return {line_of[source]: amount_of(minor, currency) for source, minor, currency in found}


def _lines(provider: str, receipts: Iterable[str]) -> QuerySet[StatementLine]:
    return StatementLine.objects.filter(provider=provider, receipt__in=receipts, kind="fee")


def _firsts(provider: str, receipts: Iterable[str]) -> Mapping[str, int]:
    """Return the first line about the charge for each receipt."""
    rows = _lines(provider, receipts).order_by("-pk").values_list("receipt", "pk")
    return dict(rows)


def _by_tariff(provider: str, receipts: Iterable[str]) -> Mapping[str, Decimal]:
    """Lock the payments with these receipts; return what the tariff has booked for each."""
    mine = ProviderPayment.objects.select_for_update(no_key=True).filter(
        provider=provider, provider_txn_id__in=receipts
    )
    receipt_of = {
        BY_TARIFF.format(pk): receipt
        for pk, receipt in mine.order_by("pk").values_list("pk", "provider_txn_id")
    }
    rows = Posting.objects.filter(source__in=receipt_of).values_list("source", "minor", "currency")
    return {receipt_of[source]: amount_of(minor, currency) for source, minor, currency in rows}
