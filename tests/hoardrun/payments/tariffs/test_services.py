"""Rows of tariffs and limits are added and ended; what has held stays."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hoardrun.ledger.errors import InvalidAmount, UnknownCurrency
from hoardrun.payments.tariffs.errors import TariffRefused
from hoardrun.payments.tariffs.models import ProviderFee, ProviderLimit
from hoardrun.payments.tariffs.selectors import today
from hoardrun.payments.tariffs.services import end_check
from realtime.errors import InvalidInput, Refused
from tests.hoardrun.payments.tariffs.support import BEGIN, fee, limit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_bands_stand_side_by_side():
    fee("1", "100", "0")
    row = fee("100.01", "500", "7.50", percent="0.5", payer="customer")
    row.refresh_from_db()
    band = row.band()
    assert (band.fixed, band.percent, band.payer) == (Decimal("7.5"), Decimal("0.5"), "customer")
    assert (band.valid_from, band.valid_to) == (BEGIN, None)


def test_a_band_that_overlaps_is_refused_and_names_both():
    fee("1", "100")
    with pytest.raises(TariffRefused, match="KES 100.00 to 500.00 from .* KES 1.* overlap"):
        fee("100", "500")
    fee("100", "500", kind="collect")
    assert ProviderFee.objects.count() == 2


def test_a_band_may_follow_one_that_has_ended():
    fee("1", "100", valid_to=today())
    fee("1", "100", valid_from=today())
    with pytest.raises(TariffRefused):
        fee("1", "100", valid_from=today() + DAY)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"provider": "nobody"}, InvalidInput),
        ({"kind": "gift"}, InvalidInput),
        ({"currency": "XXX"}, UnknownCurrency),
        ({"valid_to": BEGIN}, InvalidInput),
        ({"fixed": "1.001"}, InvalidAmount),
        ({"fixed": "-1"}, InvalidAmount),
        ({"payer": "nobody"}, InvalidInput),
        ({"least": "200"}, TariffRefused),
        ({"percent": "-1"}, TariffRefused),
        ({"percent": "1.00001"}, InvalidInput),
    ],
)
def test_a_wrong_band_is_refused_and_nothing_is_written(
    wrong: dict[str, Any], error: type[Refused]
):
    with pytest.raises(error):
        fee(**{"least": "1", "most": "100", "fixed": "1", **wrong})
    assert not ProviderFee.objects.exists()


def test_a_limit_holds_beside_that_of_a_tier_and_not_twice():
    limit(most="250000")
    limit(most="1000", tier="new")
    with pytest.raises(TariffRefused, match="end it first"):
        limit(per_day="500000", valid_from=BEGIN + DAY)
    with pytest.raises(TariffRefused):
        limit(kind="collect")  # it limits nothing
    assert ProviderLimit.objects.count() == 2


def test_a_row_ends_later_than_today_and_once():
    row = fee("1", "100")
    for wrong in (None, today(), BEGIN):
        with pytest.raises(InvalidInput):
            end_check(row, wrong)
    end_check(row, today() + DAY)
    row.valid_to = today() + DAY
    with pytest.raises(InvalidInput, match="sooner"):
        end_check(row, today() + 2 * DAY)
    row.valid_to = today()
    with pytest.raises(InvalidInput, match="has ended"):
        end_check(row, today() + DAY)
