"""What a customer sees of a payment: the optional `payment` of `transaction_update`. Pure."""

from __future__ import annotations

from typing import Any

from hoardrun.payments.states import MEANINGS, NOT_PAID, PAID, State
from hoardrun.payments.words import text_of
from realtime.protocol.codec import timestamp

SHOWN_DIGITS = 4
APPROVAL = "approval"  # the reason for staff: they have to accept it before it is sent
# The states that have a reason to be told.
_EXPLAINED = frozenset({State.UNKNOWN, State.HELD, State.FAILED, State.CANCELLED, State.EXPIRED})


def stage_of(row: Any) -> dict[str, Any]:
    """Return the `PaymentStage` of a `ProviderPayment`, as JSON has it."""
    state = State(row.state)
    ends_at = row.expires_at if state is State.AWAITING_PIN else None
    reason = row.reason_code if state in _EXPLAINED else ""
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "provider": row.provider,
        "stage": MEANINGS[State.HELD if awaits_approval(row) else state].stage,
        "stage_since": timestamp(row.stage_changed_at),
        "expires_at": None if ends_at is None else timestamp(ends_at),
        "reason": {"code": reason, "text": text_of(reason)} if reason else None,
        "retry_safe": is_safe_to_retry(row),
        "may_cancel": may_cancel(row),
        "receipt": row.provider_txn_id if state in PAID else "",
        "number": masked(row.msisdn),
    }


def awaits_approval(row: Any) -> bool:
    """Say whether a payment is kept until staff have accepted it."""
    return row.staff_reason == APPROVAL and row.state == State.CREATED and not row.attempts


def may_cancel(row: Any) -> bool:
    """Say whether a customer may cancel a payment: its provider has not been asked for it.

    A worker counts the attempt before it sends: a payment is either sent or cancelled.
    """
    return row.state == State.CREATED and not row.attempts and row.kind != "refund"


def is_safe_to_retry(row: Any) -> bool:
    """Say whether another payment cannot be a second one: it ended unpaid, and nobody doubts it."""
    is_over = State(row.state) in NOT_PAID and not row.booked_late
    is_doubted = row.hint is not None or row.staff_since is not None
    return bool(row.retry_safe and is_over and not is_doubted)


def late_stage_of(row: Any) -> dict[str, Any]:
    """Return what is shown with money that came after the payment had ended."""
    done = {"stage": MEANINGS[State.SUCCEEDED].stage, "reason": None, "retry_safe": False}
    return {**stage_of(row), **done, "receipt": row.provider_txn_id}


def masked(msisdn: str) -> str:
    """Return a phone's number without most of its digits."""
    return f"•••• {msisdn[-SHOWN_DIGITS:]}" if msisdn else ""
