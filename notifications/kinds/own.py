"""The kinds that notifications itself declares; the other apps declare theirs."""

from __future__ import annotations

from notifications.kinds import (
    account,
    kyc,
    market,
    marketing,
    payment,
    reminder,
    savings,
    security,
    system,
    transaction,
)

OWN = (
    *account.KINDS,
    *kyc.KINDS,
    *market.KINDS,
    *marketing.KINDS,
    *payment.KINDS,
    *reminder.KINDS,
    *savings.KINDS,
    *security.KINDS,
    *system.KINDS,
    *transaction.KINDS,
)
