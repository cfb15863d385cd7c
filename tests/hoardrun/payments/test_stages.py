"""What a customer sees of a payment: enough to act on, and no number."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hoardrun.ledger.messages import PaymentStage
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.stages import late_stage_of, masked, stage_of
from hoardrun.payments.states import State
from tests.hoardrun.payments.support import ID, OVER, SENT


def row(state: str, **more: object) -> ProviderPayment:
    told = {"kind": "collect", "provider": "mtn", "msisdn": "+256771234567", "expires_at": OVER}
    return ProviderPayment(id=ID, state=state, stage_changed_at=SENT, **told | more)


@pytest.mark.parametrize("state", [state.value for state in State])
def test_each_state_is_a_stage_of_the_message(state: str):
    stage = stage_of(row(state))
    assert msgspec.convert(stage, PaymentStage, strict=False).stage == stage["stage"]
    assert "77123" not in str(stage)


def test_only_a_prompt_counts_down():
    assert stage_of(row("awaiting_pin"))["expires_at"] == "2026-03-02T09:05:00.000Z"
    assert stage_of(row("submitted"))["expires_at"] is None
    assert stage_of(row("awaiting_pin", expires_at=None))["expires_at"] is None


def test_a_reason_has_words():
    ended = stage_of(row("failed", reason_code="funds", retry_safe=True))
    assert ended["reason"] == {"code": "funds", "text": "Not enough money."}
    assert ended["retry_safe"] is True
    # Of what is not known, nobody is told to pay again.
    slow = stage_of(row("unknown", reason_code="timeout"))
    assert "do not pay again" in slow["reason"]["text"]
    # What it waited for is no reason of what has succeeded.
    assert stage_of(row("succeeded", reason_code="timeout"))["reason"] is None


@pytest.mark.parametrize(
    "doubt",
    [
        {"booked_late": True},
        {"hint": {"claim": "paid"}},
        {"staff_since": SENT},
        {"state": "unknown"},
        {"state": "succeeded"},
    ],
)
def test_what_may_have_been_paid_is_not_safe_to_retry(doubt: dict[str, Any]):
    sure: dict[str, Any] = {"state": "failed", "reason_code": "funds", "retry_safe": True}
    assert stage_of(row(**sure))["retry_safe"] is True
    assert stage_of(row(**sure | doubt))["retry_safe"] is False


def test_what_nobody_was_asked_for_may_be_cancelled():
    assert stage_of(row("created", kind="payout"))["may_cancel"] is True
    waiting = stage_of(row("created", kind="payout", staff_reason="approval", staff_since=SENT))
    assert (waiting["stage"], waiting["may_cancel"]) == ("under_review", True)
    for other in (
        row("created", attempts=1),  # it is being sent
        row("created", kind="refund"),  # staff have made it
        row("submitted"),
        row("held", staff_since=SENT),
    ):
        assert stage_of(other)["may_cancel"] is False


def test_a_receipt_is_shown_once_it_is_paid():
    assert stage_of(row("succeeded", provider_txn_id="R1"))["receipt"] == "R1"
    assert stage_of(row("held", provider_txn_id="R1"))["receipt"] == ""
    late = late_stage_of(row("expired", provider_txn_id="R1", reason_code="expired"))
    assert (late["stage"], late["receipt"], late["reason"]) == ("done", "R1", None)


def test_most_digits_are_hidden():
    assert masked("+256771234567") == "•••• 4567"
    assert masked("") == ""
