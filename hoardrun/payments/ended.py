"""The rules for a payment that has ended, or that is held. Pure.

An end stays as it is: money that comes after it is booked apart, and what contradicts it goes to a
person.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from hoardrun.payments.deciding import (
    completed_by,
    end,
    is_as_asked,
    look_now,
    settles,
    stay,
    to_keep,
)
from hoardrun.payments.evidence import SAYS_NOTHING, Claim, Evidence, Source
from hoardrun.payments.facts import Decision, Effect, Payment, Rule
from hoardrun.payments.mismatch import mismatch
from hoardrun.payments.states import NOT_PAID, State


def held(payment: Payment, evidence: Evidence) -> Decision:
    """Leave what is held to staff, who accept or reject it."""
    if evidence.source is Source.STAFF:
        if evidence.claim is Claim.PAID:
            return end(payment, State.SUCCEEDED, "staff", evidence)
        if evidence.claim is Claim.NOT_PAID:
            return end(payment, State.FAILED, "staff", evidence)
    decision = stay("held", evidence)
    if evidence.claim is Claim.REVERSED and settles(payment, evidence):
        # Its history must say so to whoever decides: it may have been paid before, and is no more.
        return replace(decision, effects=(Effect.HOLD_FOR_STAFF,))
    return decision


def final(payment: Payment, evidence: Evidence, now: datetime) -> Decision:
    """Judge what is said about a payment that has ended."""
    if evidence.claim in SAYS_NOTHING:
        return stay("settled", evidence)
    if payment.state in NOT_PAID:
        return _after_not_paid(payment, evidence, now)
    return _after_paid(payment, evidence, now)


def _after_not_paid(payment: Payment, evidence: Evidence, now: datetime) -> Decision:
    if evidence.claim is Claim.NOT_PAID:
        return stay("settled", evidence)
    if evidence.claim is Claim.REVERSED:
        # Money that never came and went back is nothing, unless it has been booked as late.
        if payment.booked_late:
            return _review(payment, evidence, now, "late_reversed")
        return stay("settled", evidence)
    if payment.booked_late:
        return _paid_again(payment, evidence, now)
    if payment.settled_by is Source.STAFF and _is_same_receipt(payment, evidence):
        return stay("settled", evidence)  # it is what staff have rejected
    if not settles(payment, evidence):
        decision = look_now(stay("late_hint", evidence), now)
        return replace(decision, hint=to_keep(payment, evidence))
    full = completed_by(payment.hint, evidence)
    if not is_as_asked(payment, full):
        decision = _review(payment, full, now, "late_mismatch")
        # With the receipt, by which staff may have to give it back.
        return replace(decision, reason=mismatch(payment, full), hint=to_keep(payment, full))
    has_said_no = payment.settled_by is not None and payment.settled_by >= evidence.source
    if has_said_no and payment.state is not State.EXPIRED and evidence.source is not Source.STAFF:
        # The same voice, or a better one, has said that it was not paid. That a prompt ran out of
        # time says less: it may have been answered after that.
        decision = _review(payment, full, now, "contradiction")
        return replace(decision, hint=to_keep(payment, full))
    return replace(
        stay("late_success", full),
        effects=(Effect.LATE_SUCCESS,),
        provider_txn_id=full.provider_txn_id,
    )


def _after_paid(payment: Payment, evidence: Evidence, now: datetime) -> Decision:
    if evidence.claim is Claim.PAID:
        return _paid_again(payment, evidence, now)
    if payment.state is State.REVERSED:
        return stay("settled", evidence)
    if not settles(payment, evidence):
        return look_now(stay("hint", evidence), now)
    if evidence.claim is Claim.REVERSED:
        if evidence.amount not in {None, payment.amount}:  # a part of it went back
            return _review(payment, evidence, now, "other_figures")
        return end(payment, State.REVERSED, "reversed", evidence)
    if payment.settled_by is not None and evidence.source > payment.settled_by:
        return _review(payment, evidence, now, "contradiction")
    return stay("paid_stands", evidence)


def _paid_again(payment: Payment, evidence: Evidence, now: datetime) -> Decision:
    """Judge that it was paid once more: the same receipt is nothing, another one is money."""
    receipts = payment.provider_txn_id, evidence.provider_txn_id
    if all(receipts) and receipts[0] != receipts[1]:
        return _review(payment, evidence, now, "second_receipt")
    # Staff may have accepted other figures than were asked for.
    if payment.settled_by is not Source.STAFF and not is_as_asked(payment, evidence):
        return _review(payment, evidence, now, "other_figures")
    if evidence.provider_txn_id and not payment.provider_txn_id:
        # A look was faster than the callback, which alone has the receipt.
        return replace(stay("receipt", evidence), provider_txn_id=evidence.provider_txn_id)
    return stay("duplicate", evidence)


def _is_same_receipt(payment: Payment, evidence: Evidence) -> bool:
    return bool(payment.provider_txn_id) and payment.provider_txn_id == evidence.provider_txn_id


def _review(payment: Payment, evidence: Evidence, now: datetime, rule: Rule) -> Decision:
    """Give it to a person, once what is told is sure; the state stays."""
    if not settles(payment, evidence):
        return look_now(stay("hint", evidence), now)
    return replace(stay(rule, evidence), effects=(Effect.HOLD_FOR_STAFF,))
