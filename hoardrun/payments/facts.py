"""What the judge is told of a payment, and what it answers. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.states import FINAL, State

Rule = Literal[
    "accepted",
    "contradiction",
    "duplicate",
    "held",
    "hint",
    "late_hint",
    "late_mismatch",
    "late_reversed",
    "late_success",
    "mismatch",
    "never_prompted",
    "never_taken",
    "no_answer",
    "not_found",
    "not_paid",
    "other_figures",
    "overdue",
    "paid",
    "paid_stands",
    "receipt",
    "reversed",
    "reversed_unseen",
    "second_receipt",
    "settled",
    "staff",
    "unknown",
    "waiting",
]


class Effect(StrEnum):
    """An act of the carrying side, to be done with the moves or not at all."""

    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"
    EXPIRE = "expire"
    REVERSE = "reverse"
    HOLD_FOR_STAFF = "hold_for_staff"  # on a list of staff, if it is not there already
    LATE_SUCCESS = "late_success"  # a transaction of its own; the old one stays as it ended


class Payment(Struct, frozen=True, kw_only=True):
    """A payment as it is stored."""

    id: str  # the reference that providers are sent
    state: State
    amount: Decimal
    currency: str
    sent_at: datetime
    expires_at: datetime | None = None  # the end of its prompt; a payout has none
    receiver: str = ""  # our shortcode or merchant; empty: not compared
    payer: str = ""  # E.164; empty: not compared
    provider_request_id: str = ""
    provider_txn_id: str = ""
    acknowledged: bool = False  # something shows that the provider has the request
    confirm_callbacks: bool = True  # False: a signed callback is believed
    settled_by: Source | None = None  # who said how it ended
    hint: Evidence | None = None  # a callback that it was paid, which alone counts for nothing
    booked_late: bool = False
    last_code: str = ""  # of the last look
    repeats: int = 0  # looks in a row with that code


class Decision(Struct, frozen=True, kw_only=True):
    """What becomes of a payment."""

    rule: Rule
    path: tuple[State, ...] = ()  # the states that it goes through; empty: it stays
    reason: str = ""
    raw_code: str = ""
    retry_safe: bool = False
    alarm: bool = False
    effects: tuple[Effect, ...] = ()
    look_at: datetime | None = None  # None: as the plan of `polling` has it
    hint: Evidence | None = None  # to be kept with the payment
    provider_request_id: str = ""
    provider_txn_id: str = ""


def after(payment: Payment, evidence: Evidence, decision: Decision) -> Payment:
    """Return the payment as a decision leaves it."""
    state = decision.path[-1] if decision.path else payment.state
    has_ended = bool(decision.path) and state in FINAL
    is_ack = evidence.source is Source.ACK
    last_code, repeats = payment.last_code, payment.repeats
    if evidence.source is Source.QUERY:
        repeats = repeats + 1 if evidence.raw_code == last_code else 1
        last_code = evidence.raw_code
    # The answer to our own request knows its id best.
    newer, older = decision.provider_request_id, payment.provider_request_id
    return replace(
        payment,
        state=state,
        settled_by=evidence.source if has_ended else payment.settled_by,
        acknowledged=payment.acknowledged or _shows_that_it_is_known(evidence),
        hint=decision.hint or payment.hint,
        booked_late=payment.booked_late or Effect.LATE_SUCCESS in decision.effects,
        provider_request_id=(newer or older) if is_ack else (older or newer),
        provider_txn_id=payment.provider_txn_id or decision.provider_txn_id,
        last_code=last_code,
        repeats=repeats,
    )


def _shows_that_it_is_known(evidence: Evidence) -> bool:
    """Say whether the provider must have the request, to say what it says."""
    if evidence.source is Source.ACK:
        return evidence.claim is Claim.ACCEPTED
    return evidence.source is not Source.STAFF and evidence.claim is not Claim.UNKNOWN
