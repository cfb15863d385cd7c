"""What the tests of payments are made of: a collection of 5,000 UGX, and what may be said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.facts import Decision, Payment, after
from hoardrun.payments.judge import judge
from hoardrun.payments.states import State

SENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OVER = SENT + timedelta(minutes=5)
ID = "6f1a3c52-0e0b-4a3e-9d2f-0c5b6f1d7a10"
NEW = Payment(
    id=ID,
    state=State.CREATED,
    amount=Decimal(5000),
    currency="UGX",
    sent_at=SENT,
    expires_at=OVER,
    receiver="174379",
    payer="+256771234567",
)


def payment(state: State = State.CREATED, **rest: Any) -> Payment:
    return replace(NEW, state=state, **rest)


def said(claim: Claim, source: Source = Source.QUERY, reason: str = "", **rest: Any) -> Evidence:
    default = {Claim.NOT_PAID: "funds", Claim.UNKNOWN: "unknown_code"}.get(claim, "")
    return Evidence(claim=claim, source=source, reason=reason or default, **rest)


def paid(source: Source = Source.QUERY, **rest: Any) -> Evidence:
    figures: dict[str, Any] = {
        "amount": Decimal(5000),
        "currency": "UGX",
        "provider_txn_id": "1432942836",
    }
    return said(Claim.PAID, source, **(figures | rest))


def in_turn(
    begin: Payment, *spoken: Evidence, at: datetime = SENT
) -> tuple[Payment, list[Decision]]:
    """Judge one piece of evidence after the other."""
    made = []
    for evidence in spoken:
        made.append(judge(begin, evidence, at))
        begin = after(begin, evidence, made[-1])
    return begin, made
