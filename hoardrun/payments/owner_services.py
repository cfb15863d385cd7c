"""What customers do with their own payments: cancel one before it is sent, try one again."""

from __future__ import annotations

from hoardrun.ledger.actors import Actor
from hoardrun.payments.choices import DecisionState, Kind
from hoardrun.payments.creating import Created, payment_create
from hoardrun.payments.doubts import RETRY, may_be_second
from hoardrun.payments.errors import NotSafeToRetry, TooLateToCancel
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.options import options
from hoardrun.payments.payees.receivers import Receiver, kept_of
from hoardrun.payments.rows import payment_lock
from hoardrun.payments.selectors import payment_get
from hoardrun.payments.services import evidence_apply
from hoardrun.payments.stages import is_safe_to_retry, may_cancel
from realtime import clock
from realtime.log_context import request_id
from realtime.retry import one_transaction


@one_transaction
def payment_cancel(*, user_id: int, payment_id: str, by: Actor) -> ProviderPayment:
    """Cancel a payment that its provider has not been asked for yet, and return it.

    What waits for staff to accept it is among those. No provider takes a prompt back from a phone:
    what was sent is declined there. Raises PaymentNotFound and TooLateToCancel.
    """
    found = payment_get(user_id=user_id, payment_id=payment_id)
    row = payment_lock(found.pk)
    if not may_cancel(row):
        raise TooLateToCancel
    # What staff were asked to decide on it is over.
    asked = row.decisions.filter(state=DecisionState.ASKED)
    asked.update(
        state=DecisionState.DECLINED, decided_at=clock.now(), decided_request_id=request_id()
    )
    evidence = Evidence(
        claim=Claim.NOT_PAID, source=Source.ACK, reason="cancelled", retry_safe=True
    )
    evidence_apply(row.pk, evidence, actor=by, note="Cancelled by its customer.")
    row.refresh_from_db()
    return row


@one_transaction
def payment_retry(
    *, user_id: int, payment_id: str, idempotency_key: str | None = None, by: Actor
) -> Created:
    """Create the same payment once more, where it cannot be a second one.

    A payment has one other try: to ask for it again returns that, with any key. What failed again
    is tried by its own id, unless one of the tries before it may have been paid after all. Whom
    the customer has confirmed for it is known for the other try: the phone is the same. Raises
    PaymentNotFound, NotSafeToRetry, and what `payment_create` raises.
    """
    row = payment_lock(payment_get(user_id=user_id, payment_id=payment_id).pk)
    own_key = f"{RETRY}{row.pk}"
    if tried := ProviderPayment.objects.filter(own_key=own_key).first():
        return Created(tried, False)
    if row.kind == Kind.REFUND or not is_safe_to_retry(row) or may_be_second(row):
        raise NotSafeToRetry
    return payment_create(
        account_id=row.txn.account_id,
        owner_id=user_id,
        provider=row.provider,
        kind=row.kind,
        amount=row.amount,
        msisdn=row.msisdn,
        country=row.country,
        currency=row.currency,
        description=row.txn.description,
        reference=row.txn.reference,
        network=row.network,
        idempotency_key=idempotency_key,
        own_key=own_key,
        receiver=Receiver(only_known=options().payouts_to == "known", kept=kept_of(row)),
        by=by,
    )
