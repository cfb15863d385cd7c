"""Why a payment is where it is: the same on the page of staff and over HTTP.

Whole bodies, in `raw`, are for those who may read them. Times and amounts are text, as everywhere.
"""

from __future__ import annotations

from msgspec import Struct

from hoardrun.payments.queue.masks import WhyFact


class WhyStep(Struct, frozen=True, kw_only=True):
    """Something that was said of the payment, and what followed."""

    at: str
    from_state: str
    to_state: str
    rule: str
    text: str  # the rule in words
    source: str
    source_text: str
    claim: str
    reason: str
    code: str  # as the provider wrote it
    note: str
    staff: str | None
    callback_id: str | None
    facts: tuple[WhyFact, ...]
    raw: str | None


class WhyCallback(Struct, frozen=True, kw_only=True):
    """A callback as it came."""

    id: str
    received_at: str
    method: str
    purpose: str
    verdict: str
    address: str
    is_known_address: bool | None
    outcome: str
    tries: int
    error: str
    size: int
    facts: tuple[WhyFact, ...]
    raw: str | None


class WhyDecision(Struct, frozen=True, kw_only=True):
    """An action that one member of staff asked for, and the decision of another one."""

    id: str
    action: str
    amount: str | None
    why: str
    state: str
    asked_by: str
    asked_at: str
    decided_by: str | None
    decided_at: str | None


class PaymentWhy(Struct, frozen=True, kw_only=True):
    """A payment, where it stands and why, and all that was said of it."""

    id: str
    user_id: str
    transaction_id: str
    fee_transaction_id: str | None
    late_transaction_id: str | None
    refunds: str | None  # the payment that this one gives back
    refunded_by: tuple[str, ...]
    kind: str
    provider: str
    wallet: str
    number: str
    whose: str  # the phone: `own`, `payee` or `third_party`
    name_verdict: str  # how alike the name that the customer gave is to the provider's
    confirmed_name: str  # of the provider's, what the customer saw and confirmed
    whose_text: str  # the three in words
    amount: str
    fee: str
    currency: str
    told_amount: str
    told_currency: str
    told_text: str  # what the provider tells instead, if it differs
    state: str
    verdict: str
    advice: str
    staff_reason: str
    waiting_since: str | None
    retry_safe: bool
    alarm: bool
    settled_by: str
    provider_request_id: str
    provider_txn_id: str
    created_at: str
    sent_at: str | None
    expires_at: str | None
    checked_at: str | None
    next_check_at: str | None
    actions: tuple[str, ...]  # what may be asked for now
    waiting: WhyDecision | None  # what is asked for, and not decided
    decisions: tuple[WhyDecision, ...]  # those before
    steps: tuple[WhyStep, ...]
    callbacks: tuple[WhyCallback, ...]
    traced_at: str


class WaitingPayment(Struct, frozen=True, kw_only=True):
    """A payment on the list of staff."""

    id: str
    user_id: str
    user: str
    transaction_id: str
    kind: str
    provider: str
    number: str
    amount: str
    currency: str
    amount_text: str
    told_text: str  # what the provider tells instead, if it differs
    state: str
    reason: str
    text: str
    waiting_since: str
    waited_text: str
    asked: str | None  # the action that waits for a second person
    asked_by: str | None


class PaymentQueue(Struct, frozen=True, kw_only=True):
    """The list of staff, the longest wait first, and how many wait in all."""

    counts: dict[str, int]
    unmatched: int  # callbacks
    results: tuple[WaitingPayment, ...]
