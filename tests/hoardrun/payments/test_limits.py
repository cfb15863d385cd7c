"""How much may be paid at once and in a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hoardrun.payments.limits import Exceeded, Limit, exceeded


def limit(**rest: Any) -> Limit:
    known: dict[str, Any] = {
        "provider": "daraja",
        "kind": "collect",
        "currency": "KES",
        "valid_from": date(2026, 1, 1),
    }
    return Limit(**known | rest)


LIMITS = [
    limit(least=Decimal(1), most=Decimal(250_000), per_day=Decimal(500_000)),
    limit(tier="phone", most=Decimal(20_000), per_day=Decimal(30_000)),
    limit(most=Decimal(150_000), valid_from=date(2025, 1, 1), valid_to=date(2026, 1, 1)),
]


@pytest.mark.parametrize(
    ("amount", "spent", "tier", "on", "found"),
    [
        ("250000", "0", "full", date(2026, 3, 1), None),
        ("250001", "0", "full", date(2026, 3, 1), Exceeded("above", Decimal(250_000))),
        ("0.50", "0", "full", date(2026, 3, 1), Exceeded("below", Decimal(1))),
        ("250000", "250000", "full", date(2026, 3, 1), None),
        ("250000", "250001", "full", date(2026, 3, 1), Exceeded("day", Decimal(249_999))),
        ("20001", "0", "phone", date(2026, 3, 1), Exceeded("above", Decimal(20_000))),
        ("1", "30000", "phone", date(2026, 3, 1), Exceeded("day", Decimal(0))),
        ("1", "40000", "phone", date(2026, 3, 1), Exceeded("day", Decimal(0))),
        ("150001", "0", "full", date(2025, 3, 1), Exceeded("above", Decimal(150_000))),
        ("9999999", "0", "full", date(2024, 3, 1), None),
    ],
)
def test_the_strictest_limit_of_the_day_decides(amount, spent, tier, on, found):
    told = exceeded(
        LIMITS,
        provider="daraja",
        kind="collect",
        currency="KES",
        tier=tier,
        amount=Decimal(amount),
        spent=Decimal(spent),
        on=on,
    )
    assert told == found
