"""What a payment costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from hoardrun.payments.fees import Band, Fee, faults, fee_of


def band(least: object, most: object, **rest: Any) -> Band:
    known: dict[str, Any] = {
        "provider": "daraja",
        "kind": "payout",
        "currency": "KES",
        "valid_from": date(2026, 1, 1),
    }
    return Band(least=Decimal(str(least)), most=Decimal(str(most)), **known | rest)


TARIFF = [
    band(1, 100),
    band("100.01", 500, fixed=Decimal(7)),
    band("500.01", 50_000, percent=Decimal("0.55"), payer="customer"),
    band(1, 100, valid_from=date(2025, 1, 1), valid_to=date(2026, 1, 1), fixed=Decimal(1)),
]


@pytest.mark.parametrize(
    ("amount", "on", "fee"),
    [
        ("100", date(2026, 3, 1), Fee(Decimal("0.00"), "us")),
        ("100", date(2025, 12, 31), Fee(Decimal("1.00"), "us")),
        ("100.01", date(2026, 3, 1), Fee(Decimal("7.00"), "us")),
        ("1000", date(2026, 3, 1), Fee(Decimal("5.50"), "customer")),
        ("501", date(2026, 3, 1), Fee(Decimal("2.76"), "customer")),  # 2.7555
        ("50001", date(2026, 3, 1), None),
        ("0.50", date(2026, 3, 1), None),
        ("100", date(2024, 3, 1), None),
    ],
)
def test_the_band_of_the_day_says_the_fee(amount, on, fee):
    found = fee_of(
        TARIFF,
        provider="daraja",
        kind="payout",
        currency="KES",
        amount=Decimal(amount),
        on=on,
        decimals=2,
    )
    assert found == fee


def test_a_tariff_that_says_one_thing_has_no_fault():
    assert list(faults(TARIFF)) == []


@pytest.mark.parametrize(
    ("bands", "fault"),
    [
        ([band(1, 100), band(100, 200)], "overlap"),
        ([band(200, 100)], "has no amounts"),
        ([band(-5, 100)], "has no amounts"),
        ([band(1, 2, valid_to=date(2026, 1, 1))], "never holds"),
        ([band(1, 2, fixed=Decimal(-1))], "below zero"),
        ([band(1, 2, percent=Decimal(-1))], "below zero"),
    ],
)
def test_what_is_wrong_with_a_tariff_is_named(bands, fault):
    (found,) = faults(bands)
    assert fault in found


def test_bands_of_other_times_or_kinds_do_not_overlap():
    before = band(1, 100, valid_from=date(2025, 1, 1), valid_to=date(2026, 1, 1))
    assert list(faults([before, band(1, 100), replace(band(1, 100), kind="collect")])) == []
