"""Give a collected payment back by the provider that carried it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from hoardrun.ledger.actors import UNNAMED, Actor
from hoardrun.ledger.money import amount_human, amount_of, amount_parse
from hoardrun.payments.choices import Kind
from hoardrun.payments.creating import Created, payment_create
from hoardrun.payments.errors import NothingToRefund
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.rows import payment_lock
from hoardrun.payments.states import NOT_PAID, State
from realtime.retry import one_transaction


@one_transaction
def refund_create(
    *,
    payment_id: UUID | str,
    amount: str | int | Decimal | None = None,
    description: str = "",
    idempotency_key: str | None = None,
    by: Actor = UNNAMED,
) -> Created:
    """Create a payment that gives another one back, in whole or in part.

    The payment is locked, so that two at once do not give back more than came. Raises
    NothingToRefund, and what `payment_create` raises.
    """
    paid = payment_lock(payment_id)
    mine = ProviderPayment.objects.filter(user=paid.user_id, idempotency_key=idempotency_key)
    if first := mine.first() if idempotency_key else None:
        wanted = first.amount if amount is None else amount_parse(amount, paid.currency)
    else:
        left = _left_of(paid)
        wanted = left if amount is None else amount_parse(amount, paid.currency)
        if not left or wanted > left:
            raise NothingToRefund(amount_human(left, paid.currency))
    return payment_create(
        account_id=paid.txn.account_id,
        provider=paid.provider,
        kind=Kind.REFUND,
        amount=wanted,
        msisdn=paid.msisdn,
        country=paid.country,
        description=description,
        reference=paid.reference,
        network=paid.network,
        refunds=paid,
        idempotency_key=idempotency_key,
        by=by,
    )


def _left_of(paid: ProviderPayment) -> Decimal:
    """Return what of a payment has come, and was not given back."""
    if paid.kind != Kind.COLLECT or paid.state != State.SUCCEEDED.value:
        return Decimal(0)
    not_paid = [state.value for state in NOT_PAID]
    back = paid.refunded_by.exclude(state__in=not_paid).aggregate(all=Sum("minor"))["all"] or 0
    return amount_of(paid.minor - back, paid.currency)
