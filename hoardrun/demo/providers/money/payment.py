"""A payment as its provider keeps it."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from hoardrun.demo.providers.money.outcomes import End, Outcome, Turn
from hoardrun.demo.providers.money.swapping import swapped

Kind = Literal["collect", "payout", "refund", "bill"]
_LETTERS = string.ascii_uppercase + string.digits


def receipt() -> str:
    """Return ten letters and digits, as M-Pesa's receipts have."""
    return "R" + "".join(secrets.choice(_LETTERS) for _ in range(9))


@dataclass
class Payment:
    """One payment. `id` is the merchant's name for it, `theirs` the provider's."""

    provider: str
    kind: Kind
    id: str
    number: str  # with the country's code, without a plus
    amount: Decimal
    currency: str
    outcome: Outcome
    began: float
    callback: str = ""
    text: str = ""
    note: str = ""
    theirs: str = ""
    batch: str = ""  # a second name of the provider's
    linked: str = ""  # the receipt that it gives back
    wallet: str = ""
    country: str = ""
    receipt: str = field(default_factory=receipt)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    turns: list[Turn] = field(default_factory=list)
    broken: int = 0
    looks: int = 0
    is_ignored: bool = False  # its owner has put the prompt away

    def __post_init__(self) -> None:
        self.turns = list(self.outcome.turns)
        self.broken = self.outcome.broken

    def standing(self, now: float) -> End:
        """Return how it stands at a time of the clock."""
        past = [
            turn.end for turn in self.turns if not turn.is_forged and self.began + turn.after <= now
        ]
        return past[-1] if past else "waiting"

    def shape(self, body: bytes) -> bytes:
        """Give a body the types of the outcome."""
        return swapped(body) if self.outcome.swaps_types else body

    @property
    def told_amount(self) -> Decimal:
        return self.amount + self.outcome.other_amount

    @property
    def told_currency(self) -> str:
        return "USD" if self.outcome.other_currency else self.currency
