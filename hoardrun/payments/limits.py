"""How much may be paid at once and in a day, by provider and by what is proven of a customer. Pure.

Limits are rows with days: providers change them, and their pages disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from hoardrun.payments.validity import Row

Code = Literal["below", "above", "day"]


class Limit(Row, frozen=True, kw_only=True):
    """One limit. What it leaves open is None."""

    tier: str = ""  # of what a customer has proven; empty: of all
    least: Decimal | None = None
    most: Decimal | None = None
    per_day: Decimal | None = None


class Exceeded(Struct, frozen=True):
    """Why an amount is refused, and what would be taken."""

    code: Code
    bound: Decimal  # of `day`: what is left of it


def exceeded(
    limits: Iterable[Limit],
    *,
    provider: str,
    kind: str,
    currency: str,
    tier: str,
    amount: Decimal,
    spent: Decimal,
    on: date,
) -> Exceeded | None:
    """Return the limit that an amount exceeds, the strictest of all that hold; None if none.

    `spent` is what counts for the day already: paid, and under way.
    """
    holding = [
        limit
        for limit in limits
        if limit.holds(provider, kind, currency, on) and limit.tier in {"", tier}
    ]
    least = max((each.least for each in holding if each.least is not None), default=None)
    most = min((each.most for each in holding if each.most is not None), default=None)
    per_day = min((each.per_day for each in holding if each.per_day is not None), default=None)
    if least is not None and amount < least:
        return Exceeded("below", least)
    if most is not None and amount > most:
        return Exceeded("above", most)
    if per_day is not None and spent + amount > per_day:
        return Exceeded("day", max(per_day - spent, Decimal(0)))
    return None
