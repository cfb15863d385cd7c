"""Payments by MTN of 2 March, and a statement that does not agree with all of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from hoardrun.ledger.models import Account
from hoardrun.payments.creating import payment_create
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.reconciling.importing import Imported, statement_import
from hoardrun.payments.services import evidence_apply
from tests.hoardrun.payments.statements.support import at

HEADER = "Id,External Id,Date,Status,Type,From,To,Amount,Fee,Currency,Balance"
PHONE = "256771234567"


def collect(account: Account, amount: str, moment: datetime | None = None) -> ProviderPayment:
    """Ask a customer for money, as of 2 March at noon; MTN has taken the request."""
    made = payment_create(
        account_id=account.pk, provider="mtn", kind="collect", amount=amount, msisdn=f"+{PHONE}"
    ).payment
    evidence_apply(made.pk, Evidence(claim=Claim.ACCEPTED, source=Source.ACK))
    ProviderPayment.objects.filter(pk=made.pk).update(created_at=moment or at(12))
    made.refresh_from_db()
    return made


def paid(payment: ProviderPayment, receipt: str) -> ProviderPayment:
    """Let MTN answer that it was paid."""
    told = Evidence(
        claim=Claim.PAID,
        source=Source.QUERY,
        amount=payment.amount,
        currency=payment.currency,
        provider_txn_id=receipt,
    )
    evidence_apply(payment.pk, told)
    payment.refresh_from_db()
    return payment


def row(receipt: str, amount: int, balance: int, reference: str = "x", minute: int = 1) -> str:
    word = "Payment" if amount > 0 else "Transfer"
    return (
        f"{receipt},{reference},2026-03-02 12:{minute:02}:00,Successful,{word},"
        f"FRI:{PHONE}/MSISDN,shop,{abs(amount)},0,UGX,{balance}"
    )


def load(*lines: str, name: str = "march.csv") -> Imported:
    raw = "\n".join([HEADER, *lines, ""]).encode()
    return statement_import(provider="mtn", name=name, raw=raw)


class Day(NamedTuple):
    """Four payments, and the lines of a file that tells of three of them."""

    agreed: ProviderPayment
    unknown: ProviderPayment
    other_amount: ProviderPayment
    missing: ProviderPayment
    lines: tuple[str, ...]


def day_of(account: Account) -> Day:
    agreed = paid(collect(account, "5000"), "R1")
    missing = paid(collect(account, "800", at(12, 2)), "R9")
    unknown, other = collect(account, "1000"), collect(account, "2000")
    lines = (
        row("R1", 5000, 15_000),
        row("R2", 1000, 16_000, str(unknown.pk)),
        row("R3", 700, 16_700),
        # Here a line of 300 that went out is missing.
        row("R4", 1500, 17_900, str(other.pk), minute=2),
    )
    return Day(agreed, unknown, other, missing, lines)


def told(done: Imported) -> list[tuple[str, Decimal]]:
    """Return what a file was found to say, in the order of its rows."""
    found = done.file.matches.order_by("row", "pk").values_list("what", "amount")
    return [(what, amount.normalize()) for what, amount in found]
