"""A payment's row as the judge sees it, and what of the row a decision changes. Pure."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from hoardrun.payments.evidence import Evidence, Source
from hoardrun.payments.facts import Decision, Payment, after
from hoardrun.payments.states import State


def facts_of(row: Any, *, confirm_callbacks: bool = True) -> Payment:
    """Return what the judge is told of a `ProviderPayment`.

    `confirm_callbacks` is a setting of its provider.
    """
    return Payment(
        id=str(row.pk),
        state=State(row.state),
        amount=row.amount,
        currency=row.currency,
        sent_at=row.sent_at or row.created_at,
        expires_at=row.expires_at,
        receiver=row.receiver,
        payer=row.msisdn,
        provider_request_id=row.provider_request_id,
        provider_txn_id=row.provider_txn_id,
        acknowledged=row.acknowledged,
        confirm_callbacks=confirm_callbacks,
        settled_by=source_of(row.settled_by),
        hint=None if row.hint is None else msgspec.convert(row.hint, Evidence),
        booked_late=row.booked_late,
        last_code=row.last_code,
        repeats=row.repeats,
    )


def columns_of(payment: Payment) -> dict[str, Any]:
    """Return the columns of a payment that evidence may change; the opposite of `facts_of`."""
    hint = payment.hint
    return {
        "state": payment.state.value,
        "provider_request_id": payment.provider_request_id,
        "provider_txn_id": payment.provider_txn_id,
        "acknowledged": payment.acknowledged,
        "settled_by": "" if payment.settled_by is None else name_of(payment.settled_by),
        # Without the bytes, which its receipt has.
        "hint": None if hint is None else msgspec.to_builtins(replace(hint, raw=b"")),
        "booked_late": payment.booked_late,
        "last_code": payment.last_code,
        "repeats": payment.repeats,
    }


def columns_after(payment: Payment, evidence: Evidence, decision: Decision) -> dict[str, Any]:
    """Return the columns as a decision leaves them. An end keeps the reason that it had."""
    columns = columns_of(after(payment, evidence, decision))
    if decision.path:
        columns |= {
            "reason_code": decision.reason,
            "raw_code": decision.raw_code,
            "retry_safe": decision.retry_safe,
            "alarm": decision.alarm,
        }
    elif decision.alarm:
        columns["alarm"] = True
    return columns


def name_of(source: Source) -> str:
    """Return a source as it is stored."""
    return source.name.lower()


def source_of(name: str) -> Source | None:
    return Source[name.upper()] if name else None
