"""Reads of statements, and of our payments as statements tell them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from hoardrun.ledger.money import amount_human
from hoardrun.payments.choices import Kind
from hoardrun.payments.cleaning import NO_REFERENCE
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.reconciling.choices import FINDINGS, WRITTEN, MatchKind
from hoardrun.payments.reconciling.models import OPEN, Match, StatementLine
from hoardrun.payments.reconciling.rows import line_of
from hoardrun.payments.statements.lines import Line
from hoardrun.payments.statements.matching import Finding
from hoardrun.payments.statements.ours import Ours
from hoardrun.payments.states import moved_nothing, was_paid

AROUND = timedelta(days=1)  # a payment may be asked for on the day before its line
AT_ONCE = 500  # values in one query


class Group(NamedTuple):
    """The open findings of one kind, of which the newest are in `rows`."""

    what: MatchKind
    size: int
    totals: list[str]
    rows: list[Match]


def known_keys(provider: str, lines: Iterable[Line]) -> frozenset[tuple[str, bool, str]]:
    """Return the keys of those lines that a file before had."""
    receipts = sorted({line.receipt for line in lines})
    found: set[tuple[str, bool, str]] = set()
    for some in _batches(receipts):
        rows = StatementLine.objects.filter(provider=provider, receipt__in=some)
        found.update(rows.values_list("receipt", "goes_out", "kind"))
    return frozenset(found)


def ours(provider: str, currency: str, lines: Sequence[Line]) -> list[Ours]:
    """Return our payments that some lines may be about, or be taken to be about.

    They are those of the days of the lines, those that a line names by receipt, and whatever else
    has the account of a line or refunds the same payment: a second one leaves it to a person.
    """
    if not lines:
        return []
    times = [line.at for line in lines]
    receipts = sorted({text for line in lines for text in (line.receipt, line.linked) if text})
    days = Q(created_at__gte=min(times) - AROUND, created_at__lte=max(times) + AROUND)
    found: dict[str, Ours] = {}

    def add(*conditions: Q) -> None:
        for condition in conditions:
            found.update((each.id, each) for each in _payments(provider, currency, condition))

    add(days, *(Q(provider_txn_id__in=some) for some in _batches(receipts)))
    accounts = {each.account for each in found.values() if each.account and not each.receipt}
    named = sorted(accounts.intersection(line.account for line in lines) - {NO_REFERENCE})
    add(*(Q(reference__in=some) for some in _batches(named)))
    refunded = sorted({each.refunds for each in found.values() if each.refunds})
    add(*(Q(refunds__in=some) for some in _batches(refunded)))
    return list(found.values())


def reversals(payments: Iterable[Ours]) -> list[Finding]:
    """Return the reversals in earlier files of what some refunds give back."""
    refunded = sorted({payment.refunds for payment in payments if payment.refunds})
    return [
        Finding(what="reversal", line=line_of(row.line), payment=_ours(row.payment))
        for some in _batches(refunded)
        for row in Match.objects.filter(
            payment__in=some, what=MatchKind.REVERSAL, line__isnull=False
        ).select_related("line", "payment")
        if row.line is not None and row.payment is not None
    ]


def _payments(provider: str, currency: str, condition: Q) -> Iterator[Ours]:
    rows = ProviderPayment.objects.filter(condition, provider=provider, currency=currency)
    written = Exists(Match.objects.filter(payment=OuterRef("pk"), what__in=WRITTEN))
    for payment in rows.annotate(is_written=written).order_by("created_at", "pk"):
        yield _ours(payment, is_written=payment.is_written)


def _ours(payment: ProviderPayment, *, is_written: bool = False) -> Ours:
    return Ours(
        id=str(payment.pk),
        amount=payment.amount if payment.kind == Kind.COLLECT else -payment.amount,
        at=payment.created_at,
        msisdn=payment.msisdn,
        account=payment.reference,
        receipt=payment.provider_txn_id,
        refunds=str(payment.refunds_id or ""),
        succeeded=was_paid(payment.state, booked_late=payment.booked_late),
        moved_nothing=moved_nothing(payment.state, booked_late=payment.booked_late),
        was_sent=payment.sent_at is not None,
        is_written=is_written,
    )


def findings_open() -> QuerySet[Match]:
    """Select what a person should look at, the newest first."""
    return Match.objects.filter(OPEN).order_by("-pk")


def findings_shown(most: int) -> list[Group]:
    """Return the open findings by kind: how many, how much by currency, and the newest ones."""
    groups = []
    for what in FINDINGS:
        found = findings_open().filter(what=what)
        by_currency = found.order_by("currency").values_list("currency")
        sums = list(by_currency.annotate(Count("pk"), Sum("amount")))
        rows = list(found.select_related("file", "line", "payment")[:most])
        totals = [amount_human(total, currency) for currency, _, total in sums if total]
        groups.append(Group(what, sum(count for _, count, _ in sums), totals, rows))
    return groups


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    return (list(texts[at : at + AT_ONCE]) for at in range(0, len(texts), AT_ONCE))
