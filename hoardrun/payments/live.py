"""The rules for a payment that is under way. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from hoardrun.payments.deciding import (
    completed_by,
    end,
    is_as_asked,
    look_now,
    settles,
    stay,
    to_keep,
    towards,
)
from hoardrun.payments.evidence import CALLBACKS, ENDINGS, Claim, Evidence, Source
from hoardrun.payments.facts import Decision, Payment
from hoardrun.payments.mismatch import mismatch
from hoardrun.payments.polling import AFTER_THE_PROMPT, WITHOUT_A_PROMPT
from hoardrun.payments.states import State

# A request that the provider does not know after this time was never taken.
ARRIVES_WITHIN = timedelta(minutes=5)
# Looks in a row that must say it before a prompt that could not be sent has failed.
LOOKS_UNTIL_NOT_PROMPTED = 2
# Reasons that say nothing about the payment, only about the look.
_NO_NEWS = frozenset({"busy", "no_answer", "token"})


def under_way(payment: Payment, evidence: Evidence, now: datetime) -> Decision:
    """Judge a payment that has not ended."""
    match evidence.claim:
        case Claim.ACCEPTED:
            return towards(payment, State.SUBMITTED, "accepted", evidence)
        case Claim.UNKNOWN:
            return _unknown(payment, evidence, now)
        case _ if not settles(payment, evidence):
            return _hint(payment, evidence, now)
        case Claim.WAITING:
            return _waiting(payment, evidence, now)
        case Claim.NOT_PAID:
            return end(payment, ENDINGS[evidence.reason], "not_paid", evidence)
        case Claim.REVERSED:
            # It was paid and given back while nobody here knew: a person books both.
            return end(payment, State.HELD, "reversed_unseen", evidence, reason="reversed")
        case Claim.PAID:
            full = completed_by(payment.hint, evidence)
            if not is_as_asked(payment, full):
                return end(payment, State.HELD, "mismatch", full, reason=mismatch(payment, full))
            return end(payment, State.SUCCEEDED, "paid", full)


def _hint(payment: Payment, evidence: Evidence, now: datetime) -> Decision:
    """Take what alone counts for nothing as a reason to look."""
    is_end = evidence.claim is not Claim.WAITING
    wanted = State.CONFIRMING if is_end else State.SUBMITTED
    decision = towards(payment, wanted, "hint", evidence)
    return replace(look_now(decision, now), hint=to_keep(payment, evidence))


def _waiting(payment: Payment, evidence: Evidence, now: datetime) -> Decision:
    if _prompt_is_over(payment, now):
        return towards(payment, State.UNKNOWN, "overdue", evidence)
    # A payout asks nobody for a PIN.
    wanted = State.SUBMITTED if payment.expires_at is None else State.AWAITING_PIN
    return towards(payment, wanted, "waiting", evidence)


def _unknown(payment: Payment, evidence: Evidence, now: datetime) -> Decision:
    """Judge what settles nothing.

    A payment does not fail by being unknown for long, with two exceptions: the provider has never
    heard of it, or says repeatedly that it could not put it on the phone.
    """
    if evidence.source is not Source.QUERY:
        decision = towards(payment, State.UNKNOWN, "unknown", evidence)
        return look_now(decision, now) if evidence.source in CALLBACKS else decision
    if evidence.reason == "not_found" and _may_be_lost(payment):
        arrives_at = payment.sent_at + ARRIVES_WITHIN
        if now < arrives_at:
            decision = towards(payment, State.UNKNOWN, "not_found", evidence)
            return replace(decision, look_at=arrives_at)
        lost = replace(evidence, claim=Claim.NOT_PAID, reason="not_taken", retry_safe=True)
        return end(payment, State.FAILED, "never_taken", lost)
    if evidence.reason == "not_prompted" and payment.hint is None:
        said = payment.repeats if payment.last_code == evidence.raw_code else 0
        if said + 1 >= LOOKS_UNTIL_NOT_PROMPTED:
            return end(payment, State.FAILED, "never_prompted", evidence)
    if evidence.reason in _NO_NEWS and not _prompt_is_over(payment, now):
        if payment.state is State.CREATED:
            return towards(payment, State.SUBMITTED, "no_answer", evidence)
        return stay("no_answer", evidence)
    return towards(payment, State.UNKNOWN, "unknown", evidence)


def _prompt_is_over(payment: Payment, now: datetime) -> bool:
    ends_at = payment.expires_at or payment.sent_at + WITHOUT_A_PROMPT
    return now > ends_at + AFTER_THE_PROMPT


def _may_be_lost(payment: Payment) -> bool:
    """Say whether nothing shows that the provider has the request."""
    return not (payment.acknowledged or payment.hint or payment.provider_txn_id)
