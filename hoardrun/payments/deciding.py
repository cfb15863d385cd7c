"""What the rules share: which evidence counts, and how a decision is made of it. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.facts import Decision, Effect, Payment, Rule
from hoardrun.payments.mismatch import FOREIGN, mismatch
from hoardrun.payments.states import MOVES, State, path

_EFFECTS = {
    State.SUCCEEDED: Effect.COMPLETE,
    State.FAILED: Effect.FAIL,
    State.CANCELLED: Effect.CANCEL,
    State.EXPIRED: Effect.EXPIRE,
    State.HELD: Effect.HOLD_FOR_STAFF,
    State.REVERSED: Effect.REVERSE,
}
# Held money has one too, by which staff's answer to it is known from another payment.
_WITH_A_RECEIPT = frozenset({State.SUCCEEDED, State.HELD})


def settles(payment: Payment, evidence: Evidence) -> bool:
    """Say whether evidence counts by itself. What does not makes us look."""
    match evidence.source:
        case Source.QUERY | Source.STATEMENT | Source.STAFF:
            return True
        case Source.SIGNED_CALLBACK:
            return not payment.confirm_callbacks
        case Source.CALLBACK:
            return False
        case Source.ACK:
            # It may refuse our request, unless something better is known of it by then.
            is_new = payment.state in {State.CREATED, State.SUBMITTED} and payment.hint is None
            return is_new and evidence.claim is Claim.NOT_PAID


def is_as_asked(payment: Payment, evidence: Evidence) -> bool:
    """Say whether it was paid as it was asked for, or as staff have accepted it."""
    return evidence.source is Source.STAFF or not mismatch(payment, evidence)


def stay(rule: Rule, evidence: Evidence, *, path: tuple[State, ...] = ()) -> Decision:
    """Decide that a payment stays, or goes a path that has no effect."""
    return Decision(
        rule=rule,
        path=path,
        reason=evidence.reason,
        raw_code=evidence.raw_code,
        retry_safe=evidence.retry_safe,
        alarm=evidence.alarm,
        provider_request_id=evidence.provider_request_id,
    )


def towards(payment: Payment, wanted: State, rule: Rule, evidence: Evidence) -> Decision:
    """Move on to a state, but never back to one that is over."""
    try:
        return stay(rule, evidence, path=path(payment.state, wanted))
    except ValueError:
        return stay(rule, evidence)


def end(
    payment: Payment, wanted: State, rule: Rule, evidence: Evidence, *, reason: str = ""
) -> Decision:
    """Move to an end, with its effect."""
    # What staff reject before it was sent was not taken either.
    is_ours = evidence.source is Source.STAFF and payment.state is State.CREATED
    is_refusal = is_ours or evidence.source is Source.ACK or rule == "never_taken"
    was_taken = not is_refusal or wanted not in MOVES[State.CREATED]
    return replace(
        stay(rule, evidence, path=path(payment.state, wanted, was_taken=was_taken)),
        reason=reason or evidence.reason,
        effects=(_EFFECTS[wanted],),
        provider_txn_id=evidence.provider_txn_id if wanted in _WITH_A_RECEIPT else "",
    )


def look_now(decision: Decision, now: datetime) -> Decision:
    """Have the provider asked at once."""
    return replace(decision, look_at=now)


def to_keep(payment: Payment, evidence: Evidence) -> Evidence | None:
    """Return a callback whose figures a look may not tell, if it is about this payment."""
    is_ours = mismatch(payment, evidence) not in FOREIGN
    return evidence if evidence.claim is Claim.PAID and is_ours else None


def completed_by(hint: Evidence | None, evidence: Evidence) -> Evidence:
    """Add what an earlier callback told, where surer evidence tells nothing.

    The answer to an STK query has neither amount nor receipt: only the callback has.
    """
    if hint is None:
        return evidence
    return replace(
        evidence,
        amount=hint.amount if evidence.amount is None else evidence.amount,
        currency=evidence.currency or hint.currency,
        receiver=evidence.receiver or hint.receiver,
        payer=evidence.payer or hint.payer,
        provider_txn_id=evidence.provider_txn_id or hint.provider_txn_id,
    )
