"""Compare what a provider reports with the payment that was asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hoardrun.payments.evidence import Evidence
from hoardrun.payments.facts import Payment

# Those that say that it is about another payment altogether.
FOREIGN = frozenset({"reference", "request"})


def mismatch(payment: Payment, evidence: Evidence) -> str:
    """Return the first thing that differs, or nothing. What is not told does not differ."""
    return next(_differences(payment, evidence), "")


def _differences(payment: Payment, evidence: Evidence) -> Iterator[str]:
    pairs = {
        "reference": (payment.id, evidence.reference),
        "request": (payment.provider_request_id, evidence.provider_request_id),
        "currency": (payment.currency, evidence.currency),
        "receiver": (payment.receiver, evidence.receiver),
        "payer": (payment.payer, evidence.payer),
    }
    for name, (asked, told) in pairs.items():
        if asked and told and asked != told:
            yield name
    # Decimals compare by value: 5000 shillings may come as 5000.00.
    if evidence.amount is not None and evidence.amount != payment.amount:
        yield "amount"
