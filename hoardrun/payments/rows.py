"""Lock a payment, and store what happens to it. Called inside the transaction of a service."""

from __future__ import annotations

import random
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from msgspec.structs import replace

from hoardrun.ledger.actors import Actor
from hoardrun.payments import polling
from hoardrun.payments.choices import Outcome
from hoardrun.payments.deciding import settles
from hoardrun.payments.errors import PaymentNotFound
from hoardrun.payments.evidence import SAYS_NOTHING, Evidence, Source
from hoardrun.payments.facts import Decision, Payment
from hoardrun.payments.models import (
    PaymentReceipt,
    PaymentStep,
    ProviderPayment,
    ReceiptOutcome,
)
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.reading import MAX_BYTES
from hoardrun.payments.states import LIVE, State
from hoardrun.payments.stored import name_of
from hoardrun.payments.times import Times

_NOTE = 200
_OUTCOMES = {
    "duplicate": Outcome.DUPLICATE,
    "late_mismatch": Outcome.MISMATCH,
    "mismatch": Outcome.MISMATCH,
    "other_figures": Outcome.MISMATCH,
    "paid_stands": Outcome.STALE,
    "settled": Outcome.STALE,
}


def payment_lock(payment_id: UUID | str) -> ProviderPayment:
    """Lock a payment. Raises PaymentNotFound."""
    try:
        key = payment_id if isinstance(payment_id, UUID) else UUID(payment_id)
        return ProviderPayment.objects.select_for_update(no_key=True).get(pk=key)
    except (ValueError, ProviderPayment.DoesNotExist):
        raise PaymentNotFound from None


def without_ids_of_others(row: ProviderPayment, evidence: Evidence) -> Evidence:
    """Return the evidence; if its ids are another payment's, name that one and drop the ids.

    A receipt is booked once, whatever a provider says.
    """
    receipt, request = evidence.provider_txn_id, evidence.provider_request_id
    named = Q(provider_txn_id=receipt) if receipt else Q(pk__in=())
    if request:
        named |= Q(provider_request_id=request)
    others = ProviderPayment.objects.filter(named, provider=row.provider).exclude(pk=row.pk)
    owner = others.values_list("pk", flat=True).first() if receipt or request else None
    if owner is None:
        return evidence
    return replace(evidence, reference=str(owner), provider_txn_id="", provider_request_id="")


def steps_store(
    row: ProviderPayment,
    evidence: Evidence,
    decision: Decision,
    *,
    receipt: PaymentReceipt | None,
    by: Actor | None,
    note: str,
) -> PaymentStep:
    """Store the steps that a decision makes, one for each move; return the last one."""
    states = [row.state, *(state.value for state in decision.path or (State(row.state),))]
    moves = list(zip(states, states[1:], strict=False))
    step = PaymentStep()
    for number, (before, to) in enumerate(moves, start=1):
        is_last = number == len(moves)
        step = PaymentStep(
            payment=row,
            from_state=before,
            to_state=to,
            rule=decision.rule,
            source=name_of(evidence.source),
            claim=evidence.claim.value,
            reason=decision.reason,
            raw_code=decision.raw_code,
            receipt=receipt,
            raw=evidence.raw[:MAX_BYTES] if is_last and receipt is None else b"",
            user_id=None if by is None else by.user_id,
            note=note[:_NOTE],
        )
        step.save()
    return step


def outcome_store(receipt: PaymentReceipt, decision: Decision, now: datetime) -> None:
    """Store what became of a callback."""
    outcome = _OUTCOMES.get(decision.rule, Outcome.APPLIED)
    row, _ = ReceiptOutcome.objects.get_or_create(receipt=receipt)
    row.outcome, row.processed_at, row.due_at, row.error = outcome, now, None, ""
    row.tries += 1
    row.save()


def look_plan(
    row: ProviderPayment,
    payment: Payment,
    evidence: Evidence,
    decision: Decision,
    now: datetime,
    times: Times,
) -> datetime | None:
    """Return when the provider is asked next; None if not. Once the plan has ended, call staff.

    A look that is to come stays to come until evidence that counts by itself: a callback that
    agrees with the end does not undo one that contradicts it.
    """
    if evidence.source is Source.QUERY:
        row.checked_at = now
    if decision.look_at is not None:
        return times.ours(decision.look_at)
    if not _is_asked_on(row, evidence):
        is_undecided = not decision.path and not settles(payment, evidence)
        return row.next_check_at if is_undecided else None
    look_at = polling.next_look(
        PROVIDERS[row.provider].capabilities.plan,
        sent_at=times.sent_at,
        expires_at=None if row.expires_at is None else times.own(row.expires_at),
        now=times.own(now),
        jitter=random.uniform(-1, 1),
    )
    if look_at is None:
        staff_call(row, "unanswered", now)
        return None
    return times.ours(look_at)


def _is_asked_on(row: ProviderPayment, evidence: Evidence) -> bool:
    """Say whether the plan of looks goes on.

    It does for a payment that has ended, and whose end a callback contradicts, until an answer
    confirms or denies it.
    """
    is_unanswered = evidence.source is Source.QUERY and evidence.claim in SAYS_NOTHING
    return State(row.state) in LIVE or (row.next_check_at is not None and is_unanswered)


def staff_call(row: ProviderPayment, reason: str, now: datetime) -> None:
    """Put a payment on the list of staff, if it is not there."""
    if row.staff_since is None:
        row.staff_reason, row.staff_since = reason[:32], now


def staff_release(row: ProviderPayment) -> None:
    """Take a payment from the list of staff."""
    row.staff_reason, row.staff_since = "", None
