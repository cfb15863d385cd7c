"""Rows that hold for a time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from hoardrun.payments.validity import Row, smallest_unit

ROW = Row(
    provider="daraja",
    kind="collect",
    currency="KES",
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 7, 1),
)


@pytest.mark.parametrize(
    ("on", "holds"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 6, 30), True),
        (date(2026, 7, 1), False),
    ],
)
def test_a_row_holds_from_a_day_on_and_to_another(on, holds):
    assert ROW.holds("daraja", "collect", "KES", on) is holds
    assert replace(ROW, valid_to=None).holds("daraja", "collect", "KES", date(2026, 7, 1))


def test_a_row_is_about_one_provider_kind_and_currency():
    day = date(2026, 3, 1)
    for other in (
        ("mtn", "collect", "KES"),
        ("daraja", "payout", "KES"),
        ("daraja", "collect", ""),
    ):
        assert not ROW.holds(*other, day)


def test_rows_meet_where_both_hold():
    then = replace(ROW, valid_from=date(2026, 7, 1), valid_to=None)
    assert not ROW.meets(then) and not then.meets(ROW)
    assert ROW.meets(replace(then, valid_from=date(2026, 6, 30)))
    assert not ROW.meets(replace(ROW, kind="payout"))


def test_the_smallest_unit_has_the_decimals_of_its_currency():
    assert [smallest_unit(places) for places in (0, 2, 3)] == [
        Decimal(1),
        Decimal("0.01"),
        Decimal("0.001"),
    ]
