"""Which rows hold on a day, and when a day begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from hoardrun.payments.tariffs.selectors import bands_list, day_begins, day_of, limits_list
from tests.hoardrun.payments.tariffs.support import BEGIN, fee, limit

ABOUT = ("daraja", "payout", "KES")


def test_a_day_is_that_of_east_africa():
    late = datetime(2026, 11, 29, 21, 30, tzinfo=UTC)
    assert day_of(late) == date(2026, 11, 30)
    assert day_begins(date(2026, 11, 30)) == datetime(2026, 11, 29, 21, tzinfo=UTC)


@pytest.mark.django_db
def test_the_rows_of_a_day_are_read():
    end = date(2026, 7, 1)
    fee("1", "100", "5", valid_to=end)
    fee("1", "100", "6", valid_from=end)
    limit(most="100", valid_to=end)
    before, after = end - timedelta(days=1), end
    assert [band.fixed for band in bands_list(*ABOUT, before)] == [Decimal(5)]
    assert [band.fixed for band in bands_list(*ABOUT, after)] == [Decimal(6)]
    assert bands_list(*ABOUT, BEGIN - timedelta(days=1)) == []
    assert bands_list("mtn", "payout", "KES", after) == []
    assert [each.most for each in limits_list(*ABOUT, before)] == [Decimal(100)]
    assert limits_list(*ABOUT, after) == []
