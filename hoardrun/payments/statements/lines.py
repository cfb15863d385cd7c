"""One line of a statement. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from hoardrun.payments.evidence import Claim, Evidence, Source

LineKind = Literal["payment", "fee", "reversal"]


class Line(Struct, frozen=True, kw_only=True):
    """One movement. `amount` is what it adds to the balance: below zero, it went out."""

    row: int  # of the file, from 1
    kind: LineKind
    receipt: str
    at: datetime
    amount: Decimal
    currency: str
    details: str = ""
    party: str = ""
    linked: str = ""  # the receipt that it reverses
    account: str = ""  # what the payer wrote, to say whom it is for
    balance: Decimal | None = None  # after it

    @property
    def key(self) -> tuple[str, bool, LineKind]:
        """Return what makes it the same line in another file.

        A payment and its fee share a receipt, and going out they share the sign.
        """
        return self.receipt, self.amount < 0, self.kind

    def evidence(self) -> Evidence:
        """Return what it says of its payment."""
        is_reversal = self.kind == "reversal"
        return Evidence(
            claim=Claim.REVERSED if is_reversal else Claim.PAID,
            source=Source.STATEMENT,
            amount=abs(self.amount),
            currency=self.currency,
            provider_txn_id=self.linked if is_reversal else self.receipt,
            at=self.at,
        )
