"""Reads of the refunds that payments of ours have had."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, Sum

from hoardrun.payments.conditions import MOVED_NOTHING, STAYS_PAID
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.states import State


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


def refund_like(payment_id: UUID, *, minor: int, receipt: str) -> ProviderPayment | None:
    """Find the refund that a statement tells as the reversal of a payment.

    None if no refund is of this amount and without another receipt, or more than one is.
    """
    named = Q(provider_txn_id="") | Q(provider_txn_id=receipt)
    rows = ProviderPayment.objects.filter(named, refunds=payment_id, minor=minor)
    found = list(rows.exclude(MOVED_NOTHING)[:2])
    return found[0] if len(found) == 1 else None
