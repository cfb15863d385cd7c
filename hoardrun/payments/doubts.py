"""Tell whether a payment is in doubt, and which payments must not be sent meanwhile.

A refund depends on the payment that it gives back, another try on the tries before it. While one of
these is in doubt, the refund or the try is not sent: the money may have moved already.
"""

from __future__ import annotations

from collections.abc import Iterator

from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.states import moved_nothing

RETRY = "retry:"  # begins `own_key` of another try; the id of the payment before it follows


def is_doubted(row: ProviderPayment) -> bool:
    """Say whether nobody is sure how a payment ended.

    Staff have it, or its provider is asked about it because of a callback.
    """
    return row.staff_since is not None or row.next_check_at is not None


def may_be_second(row: ProviderPayment) -> bool:
    """Say whether an earlier try of the same payment may have moved its money after all."""
    return any(
        is_doubted(each) or not moved_nothing(each.state, booked_late=each.booked_late)
        for each in _tries_before(row)
    )


def is_overtaken(row: ProviderPayment) -> bool:
    """Say whether a payment must not be sent because of what is known since it was created."""
    return may_be_second(row) if row.refunds is None else is_doubted(row.refunds)


def _tries_before(row: ProviderPayment) -> Iterator[ProviderPayment]:
    """Yield the payments that a payment tries again, the last one first."""
    own_key = row.own_key or ""
    while own_key.startswith(RETRY):
        before = ProviderPayment.objects.get(pk=own_key.removeprefix(RETRY))
        yield before
        own_key = before.own_key or ""
