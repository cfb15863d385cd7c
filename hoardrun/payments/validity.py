"""The time in which a row of a tariff or a limit holds. Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct


class Row(Struct, frozen=True, kw_only=True):
    """One row of what changes with time: it holds from a day on, and to another, exclusively."""

    provider: str
    kind: str  # collect, payout or refund
    currency: str
    valid_from: date
    valid_to: date | None = None  # None: until further notice

    def holds(self, provider: str, kind: str, currency: str, on: date) -> bool:
        """Say whether it is about this, on that day."""
        is_about = (self.provider, self.kind, self.currency) == (provider, kind, currency)
        ends = date.max if self.valid_to is None else self.valid_to
        return is_about and self.valid_from <= on < ends

    def meets(self, other: Row) -> bool:
        """Say whether both hold on some day, for the same."""
        ends = [date.max if each.valid_to is None else each.valid_to for each in (self, other)]
        names = [(each.provider, each.kind, each.currency) for each in (self, other)]
        begins = max(self.valid_from, other.valid_from)
        return names[0] == names[1] and begins < min(ends)


def smallest_unit(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)
