"""Payments on Bob's account of 50,000 UGX, and what is said of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F

from hoardrun.ledger.models import Account, Transaction
from hoardrun.payments.creating import payment_create
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.facts import Decision
from hoardrun.payments.models import PaymentReceipt, ProviderPayment
from hoardrun.payments.services import evidence_apply
from tests.hoardrun.payments.support import paid, said

PHONE = "+256771234567"


def ask(account: Account, kind: str = "collect", **more: Any) -> ProviderPayment:
    """Create a payment of 5,000 UGX by MTN, unless told otherwise."""
    wanted = {"provider": "mtn", "amount": "5000", "msisdn": PHONE, **more}
    return payment_create(account_id=account.pk, kind=kind, **wanted).payment


def tell(row: ProviderPayment, evidence: Evidence, **more: Any) -> Decision:
    """Apply evidence, and read the payment anew."""
    decision = evidence_apply(row.pk, evidence, **more)
    row.refresh_from_db()
    return decision


def tell_paid(row: ProviderPayment, **figures: Any) -> Decision:
    """Say in answer to a question that a payment was paid as it was asked for."""
    return tell(row, paid(amount=row.amount, currency=row.currency, **figures))


def taken(row: ProviderPayment) -> ProviderPayment:
    """Have the provider take a payment."""
    tell(row, said(Claim.ACCEPTED, Source.ACK))
    return row


def called(row: ProviderPayment, raw: bytes = b"{}", **more: Any) -> PaymentReceipt:
    """Store a callback."""
    wanted = {"purpose": "payment", "method": "PUT", "verdict": "unproven", **more}
    return PaymentReceipt.objects.create(
        payment=row, provider=row.provider, raw=raw, sha256=raw.hex().zfill(64)[:64], **wanted
    )


def wait(row: ProviderPayment, **time: float) -> None:
    """Let time pass for a payment."""
    back = timedelta(**time)
    ProviderPayment.objects.filter(pk=row.pk).update(
        created_at=F("created_at") - back,
        stage_changed_at=F("stage_changed_at") - back,
        expires_at=F("expires_at") - back,
    )
    row.refresh_from_db()


def txn_of(row: ProviderPayment) -> Transaction:
    return Transaction.objects.get(pk=row.txn_id)


def shown(txn: Transaction) -> dict[str, Any]:
    """Return what is shown of the payment that moves a transaction."""
    assert txn.payment is not None
    return dict(txn.payment)


def money(account: Account) -> tuple[int, int]:
    """Read what is available, and the balance."""
    account.refresh_from_db()
    return int(account.available_balance), int(account.current_balance)


def states(row: ProviderPayment) -> list[str]:
    """List the states that a payment went through."""
    steps = row.steps.order_by("pk").values_list("from_state", "to_state")
    return ["created", *(to for before, to in steps if before != to)]
