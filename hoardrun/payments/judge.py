"""Decide how a piece of evidence changes a payment. Pure, and the only place that decides it.

Each decision has the name of its rule, which the payment's history shows. The carrying side stores
the evidence whatever is decided, and makes moves and effects in one transaction.
"""

from __future__ import annotations

from datetime import datetime

from hoardrun.payments import ended, live
from hoardrun.payments.evidence import Evidence
from hoardrun.payments.facts import Decision, Payment
from hoardrun.payments.states import FINAL, State


def judge(payment: Payment, evidence: Evidence, now: datetime) -> Decision:
    """Decide what follows from a piece of evidence.

    The same evidence may come any number of times and in any order. No callback alone completes a
    payment, unless it is signed and the payment's provider is set to believe signatures.
    """
    if payment.state is State.HELD:
        return ended.held(payment, evidence)
    if payment.state in FINAL:
        return ended.final(payment, evidence, now)
    return live.under_way(payment, evidence, now)
