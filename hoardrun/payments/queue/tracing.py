"""Gather all that was said of a payment, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from hoardrun.ledger.money import amount_of, amount_text
from hoardrun.payments.choices import DecisionState, StaffAction
from hoardrun.payments.errors import PaymentNotFound
from hoardrun.payments.models import PaymentReceipt, PaymentStep, ProviderPayment, StaffDecision
from hoardrun.payments.queue.masks import facts_in
from hoardrun.payments.queue.report import PaymentWhy, WhyCallback, WhyDecision, WhyStep
from hoardrun.payments.queue.words import RULES, SOURCES, said_of, told_text, whose_text
from hoardrun.payments.staff import action_check
from hoardrun.payments.stages import masked
from hoardrun.payments.states import State
from hoardrun.payments.stored import source_of
from realtime import clock
from realtime.errors import Refused
from realtime.trace.moments import maybe, stamp

MOST = 100  # steps, and callbacks, that are shown: the newest


def payment_why(payment_id: UUID | str, *, with_content: bool = False) -> PaymentWhy:
    """Return why a payment is where it is. Raises PaymentNotFound."""
    try:
        row = ProviderPayment.objects.get(pk=UUID(str(payment_id)))
    except (ValueError, ProviderPayment.DoesNotExist):
        raise PaymentNotFound from None
    decided = [
        decision_shown(one)
        for one in row.decisions.select_related("payment", "asked_by", "decided_by").order_by("pk")
    ]
    waiting = next((one for one in decided if one.state == DecisionState.ASKED), None)
    said = said_of(State(row.state), row.staff_reason)
    return PaymentWhy(
        id=str(row.pk),
        user_id=str(row.user_id),
        transaction_id=str(row.txn_id),
        fee_transaction_id=_id(row.fee_txn_id),
        late_transaction_id=_id(row.late_txn_id),
        refunds=_id(row.refunds_id),
        refunded_by=tuple(str(pk) for pk in row.refunded_by.values_list("pk", flat=True)[:MOST]),
        kind=row.kind,
        provider=row.provider,
        wallet=row.wallet,
        number=masked(row.msisdn),
        whose=row.whose,
        name_verdict=row.name_verdict,
        confirmed_name=row.confirmed_name,
        whose_text=whose_text(row.whose, row.name_verdict, row.confirmed_name),
        amount=amount_text(row.amount, row.currency),
        fee=amount_text(amount_of(row.fee_minor, row.currency), row.currency),
        currency=row.currency,
        told_amount=row.told_amount,
        told_currency=row.told_currency,
        told_text=told_text(row.amount, row.currency, row.told_amount, row.told_currency),
        state=row.state,
        verdict=said.text,
        advice=said.advice,
        staff_reason=row.staff_reason,
        waiting_since=maybe(row.staff_since),
        retry_safe=row.retry_safe,
        alarm=row.alarm,
        settled_by=row.settled_by,
        provider_request_id=row.provider_request_id,
        provider_txn_id=row.provider_txn_id,
        created_at=stamp(row.created_at),
        sent_at=maybe(row.sent_at),
        expires_at=maybe(row.expires_at),
        checked_at=maybe(row.checked_at),
        next_check_at=maybe(row.next_check_at),
        actions=() if waiting else tuple(_actions(row)),
        waiting=waiting,
        decisions=tuple(one for one in decided if one is not waiting),
        steps=tuple(_steps(row, with_content=with_content)),
        callbacks=tuple(_callbacks(row, with_content=with_content)),
        traced_at=stamp(clock.now()),
    )


def _actions(row: ProviderPayment) -> Iterator[str]:
    """Yield what staff may ask for now."""
    for action in StaffAction.values:
        try:
            action_check(row, action)
        except Refused:
            continue
        yield action


def _steps(row: ProviderPayment, *, with_content: bool) -> Iterator[WhyStep]:
    found = list(row.steps.select_related("user").order_by("-pk")[:MOST])
    for step in reversed(found):
        yield _step(step, row, with_content=with_content)


def _step(step: PaymentStep, row: ProviderPayment, *, with_content: bool) -> WhyStep:
    source = source_of(step.source)
    raw = bytes(step.raw)
    return WhyStep(
        at=stamp(step.created_at),
        from_state=step.from_state,
        to_state=step.to_state,
        rule=step.rule,
        text=RULES.get(step.rule, ""),  # type: ignore[call-overload]
        source=step.source,
        source_text="" if source is None else SOURCES[source],
        claim=step.claim,
        reason=step.reason,
        code=step.raw_code,
        note=step.note,
        staff=None if step.user is None else step.user.get_username(),
        callback_id=_id(step.receipt_id),
        facts=facts_in(raw, phone=row.msisdn),
        raw=_text(raw) if with_content and raw else None,
    )


def _callbacks(row: ProviderPayment, *, with_content: bool) -> Iterator[WhyCallback]:
    found = row.receipts.select_related("outcome").order_by("-pk")[:MOST]
    for receipt in reversed(list(found)):
        yield callback_shown(receipt, phone=row.msisdn, with_content=with_content)


def callback_shown(
    receipt: PaymentReceipt, *, phone: str = "", with_content: bool = False
) -> WhyCallback:
    """Describe a callback, whose outcome is read with it."""
    outcome = getattr(receipt, "outcome", None)
    raw = bytes(receipt.raw)
    return WhyCallback(
        id=str(receipt.pk),
        received_at=stamp(receipt.received_at),
        method=receipt.method,
        purpose=receipt.purpose,
        verdict=receipt.verdict,
        address=receipt.address,
        is_known_address=receipt.address_known,
        outcome="unread" if outcome is None else outcome.outcome or "to be tried again",
        tries=0 if outcome is None else outcome.tries,
        error="" if outcome is None else outcome.error,
        size=len(raw),
        facts=facts_in(raw, phone=phone),
        raw=_text(raw) if with_content and raw else None,
    )


def decision_shown(one: StaffDecision) -> WhyDecision:
    """Describe what staff have asked for, and what was decided."""
    minor, currency = one.minor, one.payment.currency
    return WhyDecision(
        id=str(one.pk),
        action=one.action,
        amount=None if minor is None else amount_text(amount_of(minor, currency), currency),
        why=one.why,
        state=one.state,
        asked_by=one.asked_by.get_username(),
        asked_at=stamp(one.asked_at),
        decided_by=None if one.decided_by is None else one.decided_by.get_username(),
        decided_at=maybe(one.decided_at),
    )


def _id(pk: Any) -> str | None:
    return None if pk is None else str(pk)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
