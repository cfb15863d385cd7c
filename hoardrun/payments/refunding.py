"""Give a collected payment back by the provider that carried it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from hoardrun.ledger.actors import UNNAMED, Actor
from hoardrun.ledger.carried_services import account_hold
from hoardrun.ledger.money import amount_human, amount_of, amount_parse
from hoardrun.payments.choices import Kind
from hoardrun.payments.creating import Created, payment_create
from hoardrun.payments.doubts import is_doubted
from hoardrun.payments.errors import NothingToRefund, PaymentInDoubt, ReceiptUnknown
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.refunded import is_there, refunds_of
from hoardrun.payments.rows import payment_lock
from realtime.errors import InvalidInput
from realtime.retry import one_transaction


@one_transaction
def refund_create(
    *,
    payment_id: UUID | str,
    amount: str | int | Decimal | None = None,
    description: str = "",
    own_key: str | None = None,
    is_approved: bool = False,
    by: Actor = UNNAMED,
) -> Created:
    """Create a payment that gives another one back, in whole or in part.

    An `own_key` that was used before returns that refund, or raises IdempotencyConflict if it was
    different. The payment is locked, so that two at once do not give back more than came; and so is
    its account, so that nobody reverses its transaction in the ledger meanwhile. A large one waits
    for two members of staff, unless it `is_approved` by them. Nothing of a payment in doubt goes
    back: what two have decided on is in doubt no more. Raises NothingToRefund, PaymentInDoubt,
    ReceiptUnknown, InvalidInput for a part where the provider gives back no parts, and what
    `payment_create` raises.
    """
    paid = payment_lock(payment_id)
    account = account_hold(paid.txn_id)
    mine = ProviderPayment.objects.filter(own_key=own_key)
    if first := mine.first() if own_key else None:
        wanted = first.amount if amount is None else amount_parse(amount, paid.currency)
    else:
        wanted = _wanted(paid, amount)
    return payment_create(
        account_id=account.pk,
        provider=paid.provider,
        kind=Kind.REFUND,
        amount=wanted,
        msisdn=paid.msisdn,
        country=paid.country,
        description=description,
        reference=paid.reference,
        network=paid.network,
        refunds=paid,
        own_key=own_key,
        is_approved=is_approved,
        by=by,
    )


def _wanted(paid: ProviderPayment, amount: str | int | Decimal | None) -> Decimal:
    """Return what a new refund is to give back, by default all that is left."""
    left = amount_of(_left_of(paid), paid.currency)
    wanted = left if amount is None else amount_parse(amount, paid.currency)
    if not left or wanted > left:
        raise NothingToRefund(amount_human(left, paid.currency))
    can = PROVIDERS[paid.provider].capabilities
    if wanted != paid.amount and not can.refund_parts:
        whole = amount_human(paid.amount, paid.currency)
        raise InvalidInput("amount", f"{paid.provider} gives back all of a payment: {whole}.")
    if can.reversal and not paid.provider_txn_id:
        raise ReceiptUnknown(paid.provider)
    return wanted


def _left_of(paid: ProviderPayment) -> int:
    """Return in minor units what of a payment has come, and was not given back.

    Its account is locked. Raises PaymentInDoubt if nobody is sure of that.
    """
    if not is_there(paid):
        return 0
    if is_doubted(paid):
        raise PaymentInDoubt
    return max(0, paid.minor - sum(refunds_of(paid)))
