"""Reads of the refunds that payments of ours have had, and what these forbid the ledger."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.models import Transaction
from hoardrun.ledger.money import amount_human, amount_of
from hoardrun.payments.choices import Kind
from hoardrun.payments.conditions import MOVED_NOTHING, STAYS_PAID
from hoardrun.payments.errors import GivenBack
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.reconciling.choices import WRITTEN
from hoardrun.payments.states import State, stays_paid


class Back(NamedTuple):
    """Amounts of refunds in minor units: those that were paid, and those that may still be."""

    done: int
    pending: int


def refunds_of(paid: ProviderPayment) -> Back:
    """Sum the refunds of a payment, without those that failed or came back themselves.

    One that has failed may still have gone while its provider is asked because of a callback, or
    staff have it.
    """
    is_asked = Q(hint__isnull=False, next_check_at__isnull=False)
    undoubted = ~is_asked & Q(staff_since__isnull=True)
    rows = paid.refunded_by.exclude(MOVED_NOTHING & undoubted).exclude(state=State.REVERSED.value)
    sums = rows.aggregate(done=Sum("minor", filter=STAYS_PAID), all=Sum("minor"))
    done = sums["done"] or 0
    return Back(done, (sums["all"] or 0) - done)


def is_there(paid: ProviderPayment) -> bool:
    """Say whether the money of a collected payment has come, and was not taken back.

    The ledger may have given it back without a refund: then its transaction is reversed.
    """
    booked = paid.txn if paid.late_txn is None else paid.late_txn
    is_paid = stays_paid(paid.state, booked_late=paid.booked_late)
    return paid.kind == Kind.COLLECT and is_paid and booked.status == Status.COMPLETED


def refund_like(paid: ProviderPayment, minor: int, receipt: str) -> ProviderPayment | None:
    """Find the refund that a statement tells as the reversal of a payment.

    None if no refund is of this amount and without another receipt, or more than one is.
    """
    rows = _alike(paid, receipt).filter(minor=minor).exclude(MOVED_NOTHING)
    found = list(rows[:2])
    return found[0] if len(found) == 1 else None


def is_refunded_by(paid: ProviderPayment, minor: int, receipt: str) -> bool:
    """Say whether a refund that was paid is what a statement tells as the reversal of a payment."""
    rows = _alike(paid, receipt).filter(STAYS_PAID)
    if is_own_receipt(paid, receipt):
        return rows.filter(minor=minor).exists()
    return rows.filter(provider_txn_id=receipt).exists()


def is_own_receipt(paid: ProviderPayment, receipt: str) -> bool:
    """Say whether a reversal carries the receipt of what it gives back, and none of its own."""
    return bool(receipt) and receipt == paid.provider_txn_id


def _alike(paid: ProviderPayment, receipt: str) -> QuerySet[ProviderPayment]:
    """Select the refunds of a payment that a reversal with a receipt may be."""
    if is_own_receipt(paid, receipt):
        # It may be any of them, but one that has a line of its own.
        return paid.refunded_by.exclude(matches__what__in=WRITTEN)
    return paid.refunded_by.filter(Q(provider_txn_id="") | Q(provider_txn_id=receipt))


def reversal_check(txn: Transaction) -> None:
    """Raise GivenBack if refunds give back what a transaction has brought, or may still do so.

    Its account is locked, as it is by whoever creates a refund.
    """
    paid = _payment_booked_as(txn)
    if paid is not None and (back := sum(refunds_of(paid))):
        raise GivenBack(amount_human(amount_of(back, paid.currency), paid.currency))


def _payment_booked_as(txn: Transaction) -> ProviderPayment | None:
    """Return the collected payment whose money a transaction has brought; None for any other."""
    try:
        key = UUID((txn.own_key or "").rpartition(":")[2])  # the keys of a payment end with its id
    except ValueError:
        return None
    paid = ProviderPayment.objects.filter(pk=key, kind=Kind.COLLECT).first()
    is_its_money = paid is not None and txn.pk == (paid.late_txn_id or paid.txn_id)
    return paid if is_its_money else None
