"""Apply evidence to a payment: the only way in which one changes.

One database transaction locks the payment, then its account, then its transaction, and publishes
last. Whoever creates a payment holds the account's lock, and waits for no payment; so the two never
wait for each other. The judge decides, and what it decides is done whole or not at all: the steps,
the row, the money, and what its customer sees.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection
from msgspec.structs import replace

from hoardrun.ledger.actors import Actor
from hoardrun.payments import polling
from hoardrun.payments.deciding import completed_by, stay
from hoardrun.payments.effects import act
from hoardrun.payments.evidence import Evidence, Source
from hoardrun.payments.facts import Decision, Effect, Payment
from hoardrun.payments.judge import judge
from hoardrun.payments.models import PaymentReceipt, ProviderPayment
from hoardrun.payments.options import options
from hoardrun.payments.refunded import refunds_of
from hoardrun.payments.rows import (
    look_plan,
    outcome_store,
    payment_lock,
    staff_call,
    staff_release,
    steps_store,
    without_ids_of_others,
)
from hoardrun.payments.stages import stage_of
from hoardrun.payments.states import FINAL, State
from hoardrun.payments.stored import columns_after, facts_of
from hoardrun.payments.times import Times
from realtime import clock
from realtime.retry import one_transaction

AFTER_A_REFUSAL = timedelta(hours=1)  # of the ledger's, which a person must end


def evidence_apply(
    payment_id: UUID | str,
    evidence: Evidence,
    *,
    receipt: PaymentReceipt | None = None,
    actor: Actor | None = None,
    confirm_callbacks: bool = True,
    note: str = "",
) -> Decision:
    """Judge a piece of evidence and do what follows; return the decision.

    `receipt` is the callback that it was read from, whose outcome is stored with it; `actor` the
    member of staff, if it is one's decision. `confirm_callbacks` is False for a provider whose
    signed callbacks are believed. The same evidence may come any number of times. Raises
    PaymentNotFound.
    """
    given = (payment_id, evidence, receipt, actor, confirm_callbacks, note)
    try:
        return _apply(*given)
    except IntegrityError:
        if connection.in_atomic_block:
            raise
        # Another payment has taken the same receipt at once: now it is seen.
        return _apply(*given)


@one_transaction
def _apply(
    payment_id: UUID | str,
    evidence: Evidence,
    receipt: PaymentReceipt | None,
    actor: Actor | None,
    confirm_callbacks: bool,
    note: str,
) -> Decision:
    row = payment_lock(payment_id)
    now = clock.now()
    evidence = without_ids_of_others(row, evidence)
    times = Times(row.sent_at or row.created_at, options().time_scale)
    payment = facts_of(row, confirm_callbacks=confirm_callbacks)
    if payment.expires_at is not None:
        payment = replace(payment, expires_at=times.own(payment.expires_at))
    if payment.hint is not None:
        own = without_ids_of_others(row, payment.hint)
        payment = replace(payment, hint=payment.hint if own is payment.hint else None)
    decision = _judged(row, payment, evidence, times.own(now))
    before, was = stage_of(row), State(row.state)
    step = None
    if decision.path or decision.effects or _tells_an_id(payment, decision):
        step = steps_store(row, evidence, decision, receipt=receipt, by=actor, note=note)
    for name, value in columns_after(payment, evidence, decision).items():
        setattr(row, name, value)
    if decision.path:
        row.stage_changed_at = now
    _list_for_staff(row, payment, evidence, decision, now, times)
    row.next_check_at = look_plan(row, payment, evidence, decision, now, times)
    row.version += 1
    if receipt is not None:
        outcome_store(receipt, decision, now)
    act(row, was=was, before=before, decision=decision, step=step, by=actor, now=now)
    row.save()
    return decision


@one_transaction
def refused_store(payment_id: UUID | str, now: datetime) -> None:
    """Put a payment whose evidence the ledger refuses on the list of staff, and ask again later."""
    row = payment_lock(payment_id)
    staff_call(row, "refused", now)
    row.next_check_at = now + AFTER_A_REFUSAL
    row.save(update_fields=["staff_reason", "staff_since", "next_check_at"])


def _judged(row: ProviderPayment, payment: Payment, evidence: Evidence, now: datetime) -> Decision:
    """Judge; but what refunds of ours have given back whole is no reversal: it is booked already.

    Beside a refund of a part, or one that may still fail, nobody knows which of both it is.
    """
    decision = judge(payment, evidence, now)
    if Effect.REVERSE not in decision.effects:
        return decision
    back = refunds_of(row)
    if back.done >= row.minor:
        return stay("settled", evidence)
    if any(back):
        return replace(stay("contradiction", evidence), effects=(Effect.HOLD_FOR_STAFF,))
    return decision


def _tells_an_id(payment: Payment, decision: Decision) -> bool:
    """Say whether a decision has an id of the provider's that was not known."""
    return bool(
        (decision.provider_txn_id and not payment.provider_txn_id)
        or (decision.provider_request_id and not payment.provider_request_id)
    )


def _list_for_staff(
    row: ProviderPayment,
    payment: Payment,
    evidence: Evidence,
    decision: Decision,
    now: datetime,
    times: Times,
) -> None:
    """Call a person, or say that none is needed any more."""
    if Effect.HOLD_FOR_STAFF in decision.effects:
        full = completed_by(payment.hint, evidence)
        row.told_amount = "" if full.amount is None else f"{full.amount:f}"
        row.told_currency = full.currency
        staff_call(row, decision.reason or decision.rule, now)
        return
    if evidence.source is Source.STAFF or (decision.path and State(row.state) in FINAL):
        staff_release(row)
        return
    since, at = times.own(row.stage_changed_at), times.own(now)
    if why := polling.for_staff(State(row.state), since=since, sent_at=times.sent_at, now=at):
        staff_call(row, why, now)
