"""Do what a decision means for the money, and show where the payment stands.

Called by `services`, with the payment locked and changed. Each function of the ledger locks the
account first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from hoardrun.ledger import actors
from hoardrun.ledger.actors import Actor
from hoardrun.ledger.by_gateway import Carried
from hoardrun.ledger.carried_services import payment_reverse, payment_show, transaction_book
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.money import amount_of
from hoardrun.ledger.services import transaction_move
from hoardrun.payments.facts import Decision, Effect
from hoardrun.payments.models import PaymentStep, ProviderPayment
from hoardrun.payments.reconciling.charges import charge_book
from hoardrun.payments.rows import staff_call
from hoardrun.payments.stages import late_stage_of, stage_of
from hoardrun.payments.states import MEANINGS, State
from hoardrun.payments.words import text_of

ENDS = frozenset({Effect.COMPLETE, Effect.FAIL, Effect.CANCEL, Effect.EXPIRE})
ADVANCED = "advanced"  # the reason for staff: the customer owes us what came too late


def act(
    row: ProviderPayment,
    *,
    was: State,
    before: Mapping[str, Any],
    decision: Decision,
    step: PaymentStep | None,
    by: Actor | None,
    now: datetime,
) -> None:
    """Move the money, and show the stage if it differs from the one before."""
    stage = stage_of(row)
    status = MEANINGS[State(row.state)].transaction
    effects = frozenset(decision.effects)
    if step is not None:
        by = by or actors.provider(row.provider, f"payment-step:{step.pk}")
        if effects & {Effect.COMPLETE, Effect.LATE_SUCCESS}:
            charge_book(row)
        if effects & ENDS:
            _advanced(row, _end(row, status, stage, decision, by), now)
            return
        if Effect.REVERSE in effects:
            carried = Carried(row.provider, f"reverse:{row.pk}", stage)
            why = "Given back by the provider."
            _give_fee_back(row, stage, why, by)  # first: it may cover what is taken back
            _advanced(row, payment_reverse(row.txn_id, carried=carried, reason=why, by=by), now)
            return
        if status != MEANINGS[was].transaction:
            transaction_move(txn_id=row.txn_id, to=status, by=by, payment=stage)
            return
        if Effect.LATE_SUCCESS in effects:
            _book_late(row, by, now)
    if stage != before:
        payment_show(row.txn_id, stage)


def _end(
    row: ProviderPayment, status: str, stage: Mapping[str, Any], decision: Decision, by: Actor
) -> Decimal:
    """End the transaction and that of the fee; return what of the fee had to be advanced."""
    lacking = Decimal(0)
    reason = "" if Effect.COMPLETE in decision.effects else text_of(decision.reason)
    transaction_move(txn_id=row.txn_id, to=status, reason=reason, by=by, payment=stage)
    if row.fee_txn_id is not None:
        transaction_move(txn_id=row.fee_txn_id, to=status, reason=reason, by=by, payment=stage)
    elif row.fee_minor and Effect.COMPLETE in decision.effects:
        row.fee_txn, lacking = transaction_book(
            row.txn,
            amount=amount_of(row.fee_minor, row.currency),
            carried=Carried(row.provider, f"fee:{row.pk}", stage),
            description=f"For transaction #{row.txn_id}",
            by=by,
            is_fee=True,
        )
    return lacking


def _give_fee_back(row: ProviderPayment, stage: Mapping[str, Any], why: str, by: Actor) -> None:
    """Give the fee of a payment back that came to nothing, unless staff have done so."""
    if row.fee_txn is not None and row.fee_txn.status == Status.COMPLETED:
        to = Status.REVERSED
        transaction_move(txn_id=row.fee_txn.pk, to=to, reason=why, by=by, payment=stage)


def _book_late(row: ProviderPayment, by: Actor, now: datetime) -> None:
    """Book money that moved although the payment had ended without."""
    carried = Carried(row.provider, f"late:{row.pk}", late_stage_of(row))
    row.late_txn, lacking = transaction_book(
        row.txn,
        amount=row.amount,
        carried=carried,
        description=f"For transaction #{row.txn_id}, which had ended",
        by=by,
    )
    _advanced(row, lacking, now)


def _advanced(row: ProviderPayment, lacking: Decimal, now: datetime) -> None:
    if lacking:
        staff_call(row, ADVANCED, now)
